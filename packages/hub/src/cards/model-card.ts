import type { ResultCell, RunResults, TrainingRecord } from '@medbench/core';
import { renderModelCard } from '@medbench/report';
import { licenceFields, withFrontMatter } from './front-matter.js';

/** Options of the card of weights on the hub. */
export interface ModelCardOptions {
  readonly record: TrainingRecord;
  /** `owner/name`; undefined if the weights are written to a folder alone. */
  readonly repository?: string | undefined;
  /** Id of a licence, as the hub knows it. Default: what the text says. */
  readonly licence?: string | undefined;
  /** Whether a file beside the weights has the sizes of the text tower: open_clip finds it from their folder alone. */
  readonly textBeside?: boolean | undefined;
}

/** Figures and intervals have so many digits on the hub. */
const round = (value: number): number => Number(value.toPrecision(6));

/** Tasks of the hub by kind of protocol; other protocols are image classification in the hub's terms. */
const HUB_TASKS: Readonly<Record<string, string>> = {
  'zero-shot': 'zero-shot-image-classification',
  'linear-probe': 'image-classification',
  retrieval: 'image-text-retrieval',
  vqa: 'visual-question-answering',
  'vqa-fine-tuned': 'visual-question-answering',
};

/** An entry of `model-index`: the primary metric of a cell, with its interval. */
function evaluation({ run, tasks, protocols = [] }: RunResults, cell: ResultCell): object {
  const task = tasks.find(({ id }) => id === cell.task);
  const title = protocols.find(({ id }) => id === cell.protocol)?.title ?? cell.protocol;
  const synthetic = cell.synthetic ? ' (generated phantoms, not medical images)' : '';
  const [low, high] = (cell.ci95 ?? []).map(round);
  const interval = low === undefined ? '' : ` (95 % interval ${low} to ${high})`;
  return {
    task: { type: HUB_TASKS[cell.protocol] ?? 'image-classification', name: title },
    dataset: {
      type: cell.task,
      name: `${task?.title ?? cell.task}${synthetic}`,
      split: String(run.settings['evaluation.split'] ?? 'test'),
      args: { examples: cell.n, protocol: cell.protocol },
    },
    metrics: [
      {
        type: cell.metric,
        value: round(cell.value!),
        name: `${cell.metric}${interval}`,
        ...(cell.ci95 ? { args: { ci95: cell.ci95.map(round), seed: cell.seed } } : {}),
        verified: false,
      },
    ],
  };
}

/** The metadata of a model card: how the hub lists the weights, and their figures as `model-index`. */
export function modelMetadata(results: RunResults, { record, licence }: ModelCardOptions): object {
  const { method, seed } = record;
  const cells = results.cells.filter((cell) => cell.method === method && cell.seed === seed && cell.value !== null);
  const synthetic = results.run.synthetic || cells.some((cell) => cell.synthetic);
  return {
    ...licenceFields(licence),
    language: 'en',
    library_name: 'open_clip',
    pipeline_tag: 'zero-shot-image-classification',
    tags: ['medbench', 'clip', 'medical', 'vision-language', ...(synthetic ? ['synthetic'] : [])],
    // The hub refuses an index without results.
    ...(cells.length > 0
      ? {
          'model-index': [{ name: `${method}, seed ${seed}`, results: cells.map((cell) => evaluation(results, cell)) }],
        }
      : {}),
  };
}

/** How to turn texts into ids: as open_clip does, unless the run had a vocabulary of its own. */
function tokenizerLine({ settings }: RunResults['run'], source: string): string {
  const isSet = (value: unknown): boolean => value !== undefined && value !== 'null';
  const merges = settings['model.merges'];
  if (isSet(settings['model.vocabulary']))
    return '# The text tower reads the word pieces in vocab.txt beside the weights.';
  return !isSet(merges)
    ? `tokenizer = open_clip.get_tokenizer('${source}')`
    : `# The text tower reads CLIP's byte pairs with the first ${String(merges)} merges alone: ids of open_clip's tokenizer do not fit.`;
}

const useSection = ({ run }: RunResults, { repository, textBeside }: ModelCardOptions): string => {
  const remote = repository === undefined ? 'local-dir:FOLDER' : `hf-hub:${repository}`;
  const source = textBeside ? 'local-dir:.' : remote;
  const where = textBeside
    ? ' Download all files and start Python in their folder: open_clip looks there for `bert/config.json`.'
    : '';
  return `## Use

For research on methods of pre-training: to compare, to probe, to start other trainings from.${where}

\`\`\`python
import open_clip

model, preprocess = open_clip.create_model_from_pretrained('${source}')
${tokenizerLine(run, source)}
\`\`\`

\`results.json\` has the figures of all rows of the run.
`;
};

/**
 * The card of weights on the hub: metadata, then the text that lies beside the weights in the run folder.
 * @param results as `outgoingResults` returns them.
 */
export const hubModelCard = (results: RunResults, options: ModelCardOptions): string =>
  withFrontMatter(
    modelMetadata(results, options),
    `${renderModelCard(results, options.record)}\n${useSection(results, options)}`,
  );
