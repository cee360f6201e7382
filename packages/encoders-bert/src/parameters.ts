import type { ParameterSpec, TowerStage } from '@medbench/core';
import { normal, ones, uniform, zeros } from '@medbench/nn';

/** Sizes of a BERT tower. Heads are 64 wide, the feed-forward layers four times as wide as the tower. */
export interface BertSizes {
  readonly id: string;
  /** Number of token positions of a text. */
  readonly contextLength: number;
  /** Rows of the position table, of which a text uses the first; BERT has 512. */
  readonly positions: number;
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  readonly embedDim: number;
  /** `cls`: the first token (open_clip's `cls_last_hidden_state_pooler`). `mean`: the mean of all (`mean_pooler`). */
  readonly pooling: 'cls' | 'mean';
  /** `linear`: one matrix. `mlp`: two with GELU between them, (width + embedDim) / 2 wide. Neither has a bias. */
  readonly projection: 'linear' | 'mlp';
  /** The id of padding, which no token attends to. Default 0. */
  readonly padId?: number;
  /** Whether the small vocabulary of the demo is the default of the tower. */
  readonly smallVocabulary?: boolean;
}

/** Standard deviation of BERT's initial values (`initializer_range`). */
const STD = 0.02;

const normParameters = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], init: ones },
  { name: `${name}.bias`, shape: [width], init: zeros },
];

const linearParameters = (name: string, out: number, input: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [out, input], init: normal(STD) },
  { name: `${name}.bias`, shape: [out], init: zeros },
];

/** Prefix of a block's names. */
export const blockPrefix = (index: number): string => `transformer.encoder.layer.${index}.`;

function blockParameters(index: number, width: number): ParameterSpec[] {
  const prefix = blockPrefix(index);
  return [
    ...['query', 'key', 'value'].flatMap((part) => linearParameters(`${prefix}attention.self.${part}`, width, width)),
    ...linearParameters(`${prefix}attention.output.dense`, width, width),
    ...normParameters(`${prefix}attention.output.LayerNorm`, width),
    ...linearParameters(`${prefix}intermediate.dense`, 4 * width, width),
    ...linearParameters(`${prefix}output.dense`, width, 4 * width),
    ...normParameters(`${prefix}output.LayerNorm`, width),
  ];
}

/** Prefix of the embeddings' names. */
export const EMBEDDINGS = 'transformer.embeddings.';

/** The projection has PyTorch's default values, as in open_clip: uniform within 1 / sqrt(fan in). */
function projectionParameters({ projection, width, embedDim }: BertSizes): ParameterSpec[] {
  const layer = (name: string, out: number, input: number): ParameterSpec => ({
    ...{ name, shape: [out, input], init: uniform(input ** -0.5) },
  });
  if (projection === 'linear') return [layer('proj.weight', embedDim, width)];
  const hidden = Math.floor((width + embedDim) / 2);
  return [layer('proj.0.weight', hidden, width), layer('proj.2.weight', embedDim, hidden)];
}

/** Parameters of a BERT tower, and their stages. */
export function bertParameters(sizes: BertSizes): {
  readonly parameters: readonly ParameterSpec[];
  readonly stages: readonly TowerStage[];
} {
  const { width, layers, vocabSize, positions } = sizes;
  const table = (name: string, rows: number): ParameterSpec => ({
    ...{ name: `${EMBEDDINGS}${name}_embeddings.weight`, shape: [rows, width], init: normal(STD) },
  });
  const embedding = [
    ...[table('word', vocabSize), table('position', positions), table('token_type', 2)],
    ...normParameters(`${EMBEDDINGS}LayerNorm`, width),
  ];
  const blocks = Array.from({ length: layers }, (_, index) => blockParameters(index, width));
  const head = projectionParameters(sizes);
  const names = (specs: readonly ParameterSpec[]): string[] => specs.map(({ name }) => name);
  return {
    parameters: [...embedding, ...blocks.flat(), ...head],
    stages: [
      { name: 'embedding', kind: 'embedding', parameters: names(embedding) },
      ...blocks.map((specs, index) => ({
        ...{ name: blockPrefix(index).slice(0, -1), kind: 'block' as const, parameters: names(specs) },
      })),
      { name: 'head', kind: 'head', parameters: names(head) },
    ],
  };
}
