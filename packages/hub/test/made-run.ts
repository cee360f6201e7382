import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type MetricValue, type ResultCell, type RunResults, random, seal, type TaskResult } from '@medbench/core';
import { bootstrapMean, compareRows, proportionInterval } from '@medbench/evaluation';
import { findScores, type StoredCell, scoreColumns } from '@medbench/runner';
import { RunLayout } from '@medbench/runner/layout';
import { sampleResults } from '../../report/test/sample.js';

/** A text that must not go out, in every place of a run folder where a text may be. */
export const MARKER = 'MARKERFINDINGOFAPATIENT';

const N = 60;
const SEEDS = [0, 1, 2] as const;
/** Probability of a right answer by row. */
const ROWS = { clip: 0.9, slip: 0.7, chance: 0.5 } as const;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Two tasks: open data of three classes with patients, and questions under an agreement. */
const TASKS: RunResults['tasks'] = [
  {
    ...{ id: 'open-classes', title: 'Open classes', modality: 'radiology', protocols: ['zero-shot'] },
    ...{ licence: 'CC BY 4.0', access: 'open', citation: 'somebody 2024' },
  },
  {
    ...{ id: 'closed-questions', title: 'Closed questions', modality: 'radiology', protocols: ['vqa'] },
    ...{
      licence: 'PhysioNet Credentialed Health Data License 1.5.0',
      access: 'credentialed',
      citation: 'somebody 2025',
    },
  },
];

const figure = (hits: readonly number[], seed: number, groups: readonly number[]): MetricValue => {
  const numbers = Int32Array.from(groups);
  return { value: mean(hits), ci95: proportionInterval(hits, bootstrapMean(hits, { seed, groups: numbers }), numbers) };
};

/** The answers of a row as a protocol returns them. */
function result(row: keyof typeof ROWS, task: string, seed: number, run: string): TaskResult {
  const stream = random(seed, run, row, task);
  // Numbers of patients as a data set has them: large, and in no order.
  const groups = Array.from({ length: N }, (_, i) => 10_000_000 + ((i * 7) % 20));
  const labels = Array.from({ length: N }, (_, i) => (i % 10 === 0 ? 2 : i % 2));
  const predictions = labels.map((label) => (stream.uniform() < ROWS[row] ? label : (label + 1) % 3));
  const perExample = labels.map((label, i) => (label === predictions[i] ? 1 : 0));
  const accuracy = figure(perExample, seed, groups);
  if (task === 'closed-questions') {
    const base = { protocol: 'vqa', metric: 'accuracy', metrics: { accuracy }, n: N, perExample, groups };
    return { ...base, predictions, notes: [`always "${MARKER}"`] };
  }
  const confusion = [0, 1, 2].map((truth) =>
    [0, 1, 2].map((said) => labels.filter((label, i) => label === truth && predictions[i] === said).length),
  );
  const rare = labels.flatMap((label, i) => (label === 2 ? [i] : []));
  const rareHits = rare.map((i) => perExample[i]!);
  return {
    ...{ protocol: 'zero-shot', metric: 'accuracy', n: N, perExample, groups, labels, predictions },
    metrics: { accuracy, rare_recall: { value: mean(rareHits), ci95: [0, 1] } },
    parts: [{ metric: 'rare_recall', examples: rare, scores: rareHits }],
    classification: { classes: ['none', 'small', 'large'], confusion, rare: ['large'] },
    notes: ['12 prompts for 3 classes'],
  };
}

const write = (path: string, value: unknown): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
};

/**
 * Writes a run folder with markers: cells with the scores behind their figures, and results with tests.
 * @param name run whose chance decides the answers.
 */
export async function madeRun(folder: string, name = 'made'): Promise<RunResults> {
  const layout = new RunLayout(folder);
  const sample = sampleResults(SEEDS);
  const cells: ResultCell[] = [];
  for (const { id: task } of TASKS) {
    for (const method of Object.keys(ROWS) as (keyof typeof ROWS)[]) {
      for (const seed of SEEDS) {
        const stored = result(method, task, seed, name);
        const { protocol, metric, metrics, n, classification, notes = [] } = stored;
        const kept = { schemaVersion: 1, key: 'k', data: `data of ${task}`, method, task, seed, seconds: 1 } as const;
        write(layout.cell(method, task, seed), seal<StoredCell>({ ...kept, synthetic: false, results: [stored] }));
        cells.push({
          ...{ method, control: method === 'chance', task, protocol, seed, metric, ...metrics[metric]! },
          ...{ n, metrics, seconds: 1, status: 'ok', synthetic: false, notes },
          ...(classification ? { classification } : {}),
        });
      }
    }
  }
  cells.push({
    ...{ method: 'slip', control: false, task: 'closed-questions', protocol: 'vqa', seed: 3, metric: 'accuracy' },
    ...{ value: null, ci95: null, n: 0, metrics: {}, seconds: 0, status: 'failed', synthetic: false },
    error: `${folder}/data/${MARKER}.png is broken`,
  });
  const { statistics: _, corpora: __, ...rest } = sample;
  const results: RunResults = {
    ...rest,
    run: {
      ...sample.run,
      ...{ seeds: [...SEEDS], synthetic: false, corpora: [] },
      settings: {
        ...sample.run.settings,
        dataRoot: join(folder, 'data'),
        'general.weights': '~/private/w.safetensors',
      },
      command: `medbench run --data ${join(folder, 'data')} --out=${folder}`,
    },
    methods: Object.keys(ROWS).map((id) => ({
      ...{ id, title: id.toUpperCase(), question: 'baseline', extension: false, control: id === 'chance' },
    })),
    tasks: TASKS,
    training: [],
    cells,
  };
  const columns = scoreColumns(results, await findScores(folder, results));
  const { statistics } = compareRows(columns);
  const finished = { ...results, statistics };
  write(layout.results, seal(finished));
  return finished;
}
