import type { ParameterSpec } from '@medbench/core';
import { batchNormParameters, normal, uniform, zeros } from '@medbench/nn';

/** A bottleneck outputs four times as many channels as its 3 x 3 convolution has. */
export const BOTTLENECK = 4;

/** Name and sizes of one bottleneck. */
export interface Bottleneck {
  /** `layer<stage>.<index>`, both as open_clip counts them. */
  readonly name: string;
  /** Input channels, and channels of its 3 x 3 convolution. */
  readonly input: number;
  readonly inner: number;
  /** Whether it halves the grid. */
  readonly downsamples: boolean;
  /** Whether its shortcut has a convolution, as in the first bottleneck of each stage. */
  readonly projectsShortcut: boolean;
}

/** The bottlenecks of the four stages, input to output. */
export function listBlocks({
  baseWidth,
  layers,
}: {
  readonly baseWidth: number;
  readonly layers: readonly number[];
}): Bottleneck[] {
  let input = baseWidth;
  return layers.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index): Bottleneck => {
      const inner = baseWidth * 2 ** stage;
      const block = { input, inner, downsamples: stage > 0 && index === 0, projectsShortcut: index === 0 };
      input = inner * BOTTLENECK;
      return { name: `layer${stage + 1}.${index}`, ...block };
    }),
  );
}

/** A convolution without bias. It starts as in PyTorch, like the original: uniform within 1 / sqrt(fan in). */
const convolution = (name: string, input: number, output: number, side: number): ParameterSpec => ({
  name: `${name}.weight`,
  shape: [output, input, side, side],
  init: uniform((input * side ** 2) ** -0.5),
});

/** Parameters of the stem: three convolutions of 3 x 3, the first with stride 2. */
export function stemParameters(width: number): ParameterSpec[] {
  const half = width / 2;
  return [
    convolution('conv1', 3, half, 3),
    ...batchNormParameters('bn1', half),
    convolution('conv2', half, half, 3),
    ...batchNormParameters('bn2', half),
    convolution('conv3', half, width, 3),
    ...batchNormParameters('bn3', width),
  ];
}

/** Parameters of a bottleneck. The gain of its last batch norm starts at 0, so that it starts as its shortcut. */
export function blockParameters({ name, input, inner, projectsShortcut }: Bottleneck): ParameterSpec[] {
  const output = inner * BOTTLENECK;
  const shortcut = projectsShortcut
    ? [convolution(`${name}.downsample.0`, input, output, 1), ...batchNormParameters(`${name}.downsample.1`, output)]
    : [];
  return [
    convolution(`${name}.conv1`, input, inner, 1),
    ...batchNormParameters(`${name}.bn1`, inner),
    convolution(`${name}.conv2`, inner, inner, 3),
    ...batchNormParameters(`${name}.bn2`, inner),
    convolution(`${name}.conv3`, inner, output, 1),
    ...batchNormParameters(`${name}.bn3`, output, zeros),
    ...shortcut,
  ];
}

/**
 * Parameters of the attention pool: position embeddings, separate matrices for queries, keys and values, and the output
 * matrix, which is the projection into the joint space.
 */
export function attentionPoolParameters(sizes: {
  readonly positions: number;
  readonly width: number;
  readonly embedDim: number;
}): ParameterSpec[] {
  const { positions, width, embedDim } = sizes;
  const std = width ** -0.5;
  const matrix = (name: string, out: number): ParameterSpec[] => [
    { name: `attnpool.${name}.weight`, shape: [out, width], init: normal(std) },
    { name: `attnpool.${name}.bias`, shape: [out], init: uniform(std) },
  ];
  return [
    { name: 'attnpool.positional_embedding', shape: [positions, width], init: normal(std) },
    ...['k_proj', 'q_proj', 'v_proj'].flatMap((name) => matrix(name, width)),
    ...matrix('c_proj', embedDim),
  ];
}
