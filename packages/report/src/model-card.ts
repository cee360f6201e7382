import { existsSync } from 'node:fs';
import {
  type DataAccess,
  type ResultCell,
  type RunResults,
  type TrainingRecord,
  writeFileAtomic,
} from '@medbench/core';
import { GENERAL, RunLayout } from '@medbench/runner/layout';
import { markdownTable } from 'markdown-table';
import { energyEstimate } from './energy.js';
import {
  formatBytes,
  formatCount,
  formatEnergy,
  formatInterval,
  formatSeconds,
  formatValue,
  plural,
} from './format.js';
import { leakWarnings } from './leaks.js';
import { licenceDemand } from './licences.js';
import { escapeMarkdown, inlineCode } from './markdown.js';
import { findTrainingRecord, trainingData } from './training-data.js';
import { type ProtocolWords, protocolWords } from './words.js';

/** Settings of a run that are the same for every row and affect its weights. */
const WEIGHT_SETTINGS = /^(encoders|model|training|general|mixture|corpusSettings)(\.|$)/;

/** The meaning of settings that are not set, where a reader of the card needs it. */
const UNSET: Readonly<Record<string, string>> = { 'model.preprocessing': 'as in CLIP' };

const ACCESS_TEXTS: Readonly<Record<DataAccess, string>> = {
  open: 'open',
  agreement: 'under an agreement',
  credentialed: 'credentialed readers',
  generated: 'generated',
};

function dataSection(results: RunResults, record: TrainingRecord): string {
  const data = trainingData(results, record);
  const { settings } = results.run;
  const weights = ['general.weights', 'general.image', 'general.text'].flatMap((name) => {
    const value = settings[name];
    return value === undefined || value === 'null' || value === null ? [] : [String(value)];
  });
  const startsElsewhere = weights.length > 0 && (record.method === GENERAL || record.setup?.start === 'general');
  const table = markdownTable([
    ['Trained on', 'Licence', 'Access', 'Source', 'What the licence asks of weights'],
    ...data.map(({ title, licence, access, source }) => [
      escapeMarkdown(title),
      escapeMarkdown(licence),
      access ? ACCESS_TEXTS[access] : 'not recorded',
      escapeMarkdown(source),
      licenceDemand(licence, access),
    ]),
  ]);
  const start = startsElsewhere
    ? [
        `It starts from weights that were trained elsewhere, ${weights.map(inlineCode).join(' and ')}: their licence applies too.`,
      ]
    : record.setup?.start === 'general' && record.method !== GENERAL
      ? [
          'It starts from general-domain weights that were trained in the same run, on the last data set of the table below.',
        ]
      : [];
  return ['## Data', ...start, ...(data.length > 0 ? [table] : []), 'This is not legal advice.'].join('\n\n');
}

function settingsSection({ run }: RunResults, record: TrainingRecord): string {
  const { setup, parameters, steps, seconds, peakMemory } = record;
  const lines: [string, string][] = [
    ['Parameters', `${formatCount(parameters.total)}, of which ${formatCount(parameters.trainable)} trained`],
    ['Steps', formatCount(steps)],
    ['Time', formatSeconds(seconds)],
    ['Energy (estimate)', formatEnergy(energyEstimate(record).joules)],
    ...(peakMemory === undefined ? [] : [['Peak memory', formatBytes(peakMemory)] as [string, string]]),
    ...(setup
      ? ([
          ['Starts from', setup.start === 'general' ? 'general-domain weights' : 'random weights'],
          ['Frozen blocks, image tower', setup.frozen.image.blocks],
          ['Frozen blocks, text tower', setup.frozen.text.blocks],
          ...(setup.newInTowers
            ? [['New parameters in the towers, from random weights', formatCount(setup.newInTowers)]]
            : []),
          ...(setup.chunkSize === undefined
            ? []
            : [['Chunk size (batch split to fit in memory)', String(setup.chunkSize)]]),
          ...Object.entries(setup.settings).map(([name, value]) => [name, String(value)] as [string, string]),
        ] as [string, string][])
      : []),
    ...Object.entries(run.settings)
      .filter(([name]) => WEIGHT_SETTINGS.test(name))
      .map(([name, value]): [string, string] => [name, value === 'null' ? (UNSET[name] ?? 'null') : String(value)]),
  ];
  return [
    '## Settings',
    markdownTable([
      ['Setting', 'Value'],
      ...lines.map(([name, value]) => [escapeMarkdown(name), escapeMarkdown(value)]),
    ]),
  ].join('\n\n');
}

/** Figure and id of the best control for a cell's task, protocol, seed and metric; `—` if there is none. */
function bestControl({ cells }: RunResults, cell: ResultCell, words: ProtocolWords): string {
  const sign = words.metric(cell.metric).lowerIsBetter ? -1 : 1;
  const [best] = cells
    .filter(
      ({ control, task, protocol, seed, metric, value }) =>
        control &&
        value !== null &&
        task === cell.task &&
        protocol === cell.protocol &&
        seed === cell.seed &&
        metric === cell.metric,
    )
    .sort((a, b) => sign * (b.value! - a.value!));
  return best ? `${formatValue(best.value!)} (${escapeMarkdown(best.method)})` : '—';
}

function figuresSection(results: RunResults, cells: readonly ResultCell[]): string {
  if (cells.length === 0) return '## Figures\n\nNone were measured.';
  const words = protocolWords(results);
  const synthetic = cells.some((cell) => cell.synthetic);
  const table = markdownTable([
    ['Task', 'Protocol', 'Metric', 'Value', '95 % interval', 'Test examples', 'Best control'],
    ...cells.map((cell) => [
      escapeMarkdown(results.tasks.find(({ id }) => id === cell.task)?.title ?? cell.task) +
        (cell.synthetic ? ' \\*' : ''),
      words(cell.protocol).title,
      escapeMarkdown(cell.metric),
      cell.value === null ? 'failed' : formatValue(cell.value),
      cell.ci95 ? formatInterval(cell.ci95) : '—',
      formatCount(cell.n),
      bestControl(results, cell, words(cell.protocol)),
    ]),
  ]);
  const star = synthetic ? ['\\* on generated phantoms: it says nothing about medicine.'] : [];
  return ['## Figures', table, ...star].join('\n\n');
}

function limitsSection({ run }: RunResults, { seed }: TrainingRecord, cells: readonly ResultCell[]): string {
  const failed = cells.filter(({ status }) => status === 'failed').length;
  const limits = [
    'Trained to compare methods of pre-training under one set-up, not to be the best model that its data allows.',
    'Not for clinical use: it has not been tested on patients, devices or hospitals other than those of the data above.',
    `Intervals are over test examples, for seed ${seed} only; ${
      run.seeds.length > 1
        ? `${plural(run.seeds.length, 'seed')} were trained and differ: see the report of the run`
        : 'another seed gives other weights and other figures'
    }.`,
    'It may serve patients badly who are rare or missing in its data: groups of patients were not compared.',
    ...leakWarnings(cells).map(escapeMarkdown),
    ...(failed > 0 ? [`${plural(failed, 'figure')} could not be measured.`] : []),
  ];
  return ['## Limits', limits.map((limit) => `- ${limit}`).join('\n')].join('\n\n');
}

/**
 * The model card of one row's weights as Markdown: data with its licences and their demands on weights, settings,
 * figures with intervals, and limits. Text from the file is escaped. The same results give the same bytes.
 */
export function renderModelCard(results: RunResults, record: TrainingRecord): string {
  const { run, methods } = results;
  const { method, seed } = record;
  const title =
    methods.find(({ id }) => id === method)?.title ?? (method === GENERAL ? 'General-domain weights' : method);
  const cells = results.cells.filter((cell) => cell.method === method && cell.seed === seed);
  // Weights count as synthetic if the run, a cell or a corpus is. General-domain weights have no cells, only a corpus.
  const generated = trainingData(results, record).some(({ access }) => access === 'generated');
  const synthetic = run.synthetic || cells.some((cell) => cell.synthetic);
  return `${[
    `# ${escapeMarkdown(title)} (${inlineCode(method)}), seed ${seed}`,
    '> **Not for clinical use.**',
    ...(synthetic || generated
      ? [
          `> **Synthetic: ${
            synthetic
              ? 'generated phantoms are part of its training or test data; figures on them say nothing about medicine'
              : 'part of its training data was generated'
          }.**`,
        ]
      : []),
    `Weights of an image and a text tower, pre-trained by medbench in run ${inlineCode(run.id)}.`,
    dataSection(results, record),
    settingsSection(results, record),
    figuresSection(results, cells),
    limitsSection(results, record, cells),
    '## How it was made',
    `\`\`\`\n${run.command.replaceAll('```', "'''")}\n\`\`\``,
    `Backend ${inlineCode(run.backend)}, ${inlineCode(`node ${run.versions.node ?? ''}`)}. The report of the run has all versions and the other rows.`,
  ].join('\n\n')}\n`;
}

/**
 * Writes a model card, `README.md`, beside the weights of each row of the results and beside the general-domain
 * weights.
 * @returns the files written. @throws MedbenchError('store') if one cannot be written.
 */
export async function writeModelCards(runDir: string, results: RunResults): Promise<string[]> {
  const written: string[] = [];
  const layout = new RunLayout(runDir);
  for (const { row, seed } of layout.trainedRows()) {
    if (!existsSync(layout.weights(row, seed))) continue;
    const record = await findTrainingRecord(runDir, results, row, seed);
    if (!record) continue;
    const file = layout.modelCard(row, seed);
    await writeFileAtomic(file, renderModelCard(results, record));
    written.push(file);
  }
  return written;
}
