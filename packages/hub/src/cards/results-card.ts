import type { RunResults } from '@medbench/core';
import { escapeMarkdown } from '@medbench/report';
import { markdownTable } from 'markdown-table';
import { restrictedTasks } from '../outgoing/results.js';
import { licenceFields, withFrontMatter } from './front-matter.js';

/** Options of the card of results on the hub. */
export interface ResultsCardOptions {
  readonly repository?: string | undefined;
  readonly licence?: string | undefined;
  /** Whether the folder has splits. */
  readonly splits: boolean;
}

/** Columns of `scores/*.parquet`, for readers. */
const COLUMNS: readonly (readonly [name: string, meaning: string])[] = [
  ['row, control, seed', 'row of the table, whether it is a control, and its seed'],
  ['protocol, metric', 'how the task was measured, and the metric whose mean the scores have'],
  ['part', 'true for the examples of a subset that has a metric of its own, such as the rare classes'],
  ['example', 'number of the test example, from 0, in the order of the task'],
  ['score', 'score whose mean is the metric; empty where no such scores exist'],
  ['hit', '1 for a right and 0 for a wrong answer, or a share of right ones'],
  ['group', 'number of the patient, image or slide, from 0 by first appearance; empty if all differ'],
  ['label, prediction', 'index of the class or answer; empty for data under an agreement'],
  ['data', 'hash of the data: equal hashes are the same examples'],
];

const textTable = (lines: readonly (readonly string[])[]): string =>
  markdownTable(lines.map((line) => line.map(escapeMarkdown)));

const metadata = (results: RunResults, { licence, splits }: ResultsCardOptions): object => ({
  ...licenceFields(licence),
  language: 'en',
  pretty_name: `Results of medbench run ${results.run.id}`,
  tags: [
    'medbench',
    'benchmark-results',
    'medical',
    'vision-language',
    ...(results.run.synthetic ? ['synthetic'] : []),
  ],
  configs: [
    { config_name: 'scores', data_files: 'scores/*.parquet', default: true },
    ...(splits ? [{ config_name: 'splits', data_files: 'splits/*.parquet' }] : []),
  ],
});

/**
 * The card of a results folder as a data set on the hub.
 * @param results as `outgoingResults` returns them.
 */
export function hubResultsCard(results: RunResults, options: ResultsCardOptions): string {
  const { run, tasks, methods } = results;
  const restricted = restrictedTasks(results);
  const source = options.repository === undefined ? 'FOLDER' : `hf://datasets/${options.repository}`;
  const text = [
    `# Results of medbench run ${escapeMarkdown(run.id)}`,
    ...(run.synthetic
      ? ['> **Synthetic: generated phantoms, not medical images. The figures on them say nothing about medicine.**']
      : []),
    `Scores of ${methods.length} rows on the test examples of ${tasks.length} tasks, by ${run.seeds.length} ${run.seeds.length === 1 ? 'seed' : 'seeds'}. There is no image and no text of a data set here.`,
    `\`\`\`sh\nnpx medbench compare runs/yours ${source}\nnpx medbench verify ${source}\n\`\`\``,
    '## Tasks',
    textTable([
      ['Task', 'Licence of the data', 'Passed on'],
      ...tasks.map(({ id, title, licence }) => [
        `${title} (${id})`,
        licence ?? 'not recorded',
        restricted.has(id) ? 'scores alone: data under an agreement' : 'scores, labels and predictions',
      ]),
    ]),
    '## Files',
    [
      '- `results.json`: the table, with intervals and tests',
      '- `scores/TASK.parquet`: a line per row, seed, protocol and test example',
      ...(options.splits
        ? ['- `splits/TASK.parquet`: the SHA-256 of the size and pixels of each image, by split']
        : []),
      '- `prompts.json`: class names, phrases and templates of zero-shot classification',
      '- `manifest.json`: the SHA-256 of every other file',
    ].join('\n'),
    textTable([['Column of scores', 'Meaning'], ...COLUMNS.map((column) => [...column])]),
    '## Limits',
    'Scores allow tests of pairs on the same examples. They do not allow to train, to see an image, or to read a report. A score of data under an agreement belongs to the number of an example, which only those can use who have the data.',
  ].join('\n\n');
  return withFrontMatter(metadata(results, options), `${text}\n`);
}
