import {
  type MetricValue,
  type ProtocolId,
  type ProtocolInfo,
  pluginMetadata,
  type ResultCell,
  type RunResults,
} from '@medbench/core';
import { LinearProbe, Retrieval, VisualQuestions, ZeroShot } from '@medbench/evaluation/plugin';
import { columnTests, RANKS, withLeak, withRare } from './compared.js';

const METHODS = [
  { id: 'clip', title: 'CLIP, fine-tuned', question: 'baseline', extension: false, control: false },
  { id: 'clip-scratch', title: 'CLIP from scratch', question: 'transfer', extension: false, control: false },
  { id: 'clip-partial', title: 'CLIP, lower half frozen', question: 'transfer', extension: false, control: false },
  { id: 'untrained', title: 'Untrained towers', question: 'control', extension: false, control: true },
  { id: 'majority', title: 'Most frequent class', question: 'control', extension: false, control: true },
  { id: 'raw-pixels', title: 'Raw pixels', question: 'control', extension: false, control: true },
] as const;

const TASKS: RunResults['tasks'] = [
  { id: 'pneumoniamnist', title: 'PneumoniaMNIST', modality: 'radiology', protocols: ['zero-shot', 'linear-probe'] },
  { id: 'vqa-rad', title: 'VQA-RAD', modality: 'radiology', protocols: ['vqa'] },
  {
    id: 'phantom-tissue',
    title: 'Phantom tissue',
    modality: 'histopathology',
    protocols: ['zero-shot', 'linear-probe'],
  },
  {
    id: 'phantom-skin',
    title: 'Phantom skin lesions',
    modality: 'dermatology',
    protocols: ['zero-shot', 'linear-probe'],
  },
  { id: 'phantom-reports', title: 'Phantom reports', modality: 'mixed', protocols: ['retrieval'] },
];

const METRIC_NAMES: Readonly<Record<ProtocolId, readonly string[]>> = {
  'zero-shot': ['accuracy', 'balanced_accuracy', 'auc', 'f1'],
  'linear-probe': ['accuracy', 'balanced_accuracy', 'auc', 'f1'],
  retrieval: ['mean_recall@10', 'i2t_recall@10', 'i2t_median_rank'],
  vqa: ['accuracy', 'accuracy_open', 'accuracy_closed'],
};

/** Title and metrics of medbench's own protocols, as results record them. */
export const PROTOCOLS: NonNullable<RunResults['protocols']> = [ZeroShot, LinearProbe, Retrieval, VisualQuestions].map(
  (Class) => {
    const { id, title, metrics } = pluginMetadata(Class)!.info as ProtocolInfo;
    return { id, title, metrics };
  },
);

/** A number between 0 and 1 that depends only on the text (FNV-1a). */
function unit(text: string): number {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 16777619);
  return (hash >>> 0) / 2 ** 32;
}

export const ERROR =
  'vqa-rad: data/vqa-rad/test.parquet is not there. Put the files of VQA-RAD into the folder that --set dataRoot names.';

function metricsAt(row: number, task: string, protocol: ProtocolId, seed: number): Record<string, MetricValue> {
  const entries = METRIC_NAMES[protocol]!.map((name): [string, MetricValue] => {
    const quality = row < 3 ? 0.7 : 0.35;
    const shift =
      0.25 * unit(`${row}${task}${protocol}${name}`) + 0.04 * unit(`${seed}${row}${task}${name}${protocol}`);
    const value = name === 'i2t_median_rank' ? 1 + Math.round(40 * (1 - quality) * shift) : quality + shift;
    const half = name === 'i2t_median_rank' ? 2 : 0.02 + 0.03 * unit(`${name}${row}`);
    return [name, { value, ci95: [value - half, value + half] }];
  });
  return Object.fromEntries(entries);
}

/** Results as a run writes them: 3 methods, 3 controls, 8 columns, one failed cell per seed. */
export function sampleResults(seeds: readonly number[] = [0]): RunResults {
  const cells = seeds.flatMap((seed) =>
    METHODS.flatMap(({ id: method, control }, row) =>
      TASKS.flatMap((task) =>
        task.protocols.flatMap((protocol): ResultCell[] => {
          if (method === 'raw-pixels' && protocol !== 'linear-probe') return [];
          const info = { method, control, task: task.id, protocol, seed, metric: METRIC_NAMES[protocol]![0]! };
          if (method === 'clip-partial' && task.id === 'vqa-rad') {
            const nothing = { value: null, ci95: null, n: 0, metrics: {}, seconds: 0, synthetic: false };
            return [{ ...info, ...nothing, status: 'failed', error: ERROR }];
          }
          const metrics = metricsAt(row, task.id, protocol, seed);
          const { value, ci95 } = metrics[info.metric]!;
          const synthetic = task.id.startsWith('phantom');
          const notes = protocol === 'vqa' ? ['Answers are ranked among those of the training split.'] : undefined;
          return [
            {
              ...info,
              value,
              ci95,
              n: 624,
              metrics,
              seconds: 2.5,
              status: 'ok',
              synthetic,
              ...(notes ? { notes } : {}),
            },
          ];
        }),
      ),
    ),
  );
  const training = seeds.flatMap((seed) =>
    METHODS.slice(0, 3).map(({ id: method }, row) => {
      const curve = Array.from({ length: 61 }, (_, i) => ({
        step: i * 10,
        loss: 0.8 + row * 0.3 + 3.3 * Math.exp(-i / 15) + 0.15 * unit(`${seed}${method}${i}`),
      }));
      return {
        method,
        seed,
        steps: 600,
        seconds: 190.4 + 40 * row,
        parameters: { total: 2_345_678, trainable: row === 2 ? 1_172_839 : 2_345_678 },
        finalLoss: curve.at(-1)!.loss,
        curve,
      };
    }),
  );
  return {
    schemaVersion: 1,
    run: {
      id: '3f9c1a7be204',
      seed: seeds[0]!,
      seeds,
      backend: 'compiled',
      preset: 'demo',
      synthetic: true,
      corpora: ['shapes', 'phantoms'],
      settings: { 'training.steps': 600, 'training.batchSize': 64, 'training.learningRate': 0.001, synthetic: true },
      versions: { node: 'v20.20.2', '@medbench/core': '0.1.0', '@medbench/methods-clip': '0.1.0' },
      command: `medbench run --preset demo --seed ${seeds.join(',')} --out runs/demo`,
    },
    methods: METHODS,
    tasks: TASKS,
    protocols: PROTOCOLS,
    training,
    cells,
  };
}

/** The sample with every text replaced by text that does harm if it is not escaped. */
export function hostileResults(): RunResults {
  const evil = '=<script>alert(1)</script>"\'><img src=x onerror=alert(2)>|`*_\u001b[31m\u202e&amp;\n\r, --> ]]>';
  const sample = withRare(withLeak(sampleResults(), 'pneumoniamnist'), 'phantom-skin', { clip: 0.6, majority: 0 });
  const name = (id: string): string => `${evil}${id}`;
  return {
    ...sample,
    run: {
      ...sample.run,
      id: evil,
      backend: evil,
      preset: evil,
      corpora: [evil],
      settings: { [evil]: evil },
      versions: { [evil]: evil },
      command: `${evil}</code></pre>`,
    },
    methods: sample.methods.map((method) => ({
      ...method,
      id: name(method.id),
      title: name(method.title),
      question: evil,
    })),
    tasks: sample.tasks.map((task) => ({
      ...task,
      id: name(task.id),
      title: name(task.title),
      modality: name(task.modality),
    })),
    training: sample.training.map((record) => ({ ...record, method: name(record.method) })),
    cells: sample.cells.map((cell) => ({
      ...cell,
      method: name(cell.method),
      task: name(cell.task),
      metric: name(cell.metric),
      metrics: Object.fromEntries(
        Object.entries(cell.metrics).map(([key, metric]) => [key === 'rare_recall' ? key : name(key), metric]),
      ),
      notes: cell.leaks ? [evil, `leak: ${evil}`] : [evil],
      ...(cell.classification
        ? { classification: { ...cell.classification, classes: [evil, `${evil}0`], rare: [`${evil}0`] } }
        : {}),
      ...(cell.error === undefined ? {} : { error: name(cell.error) }),
    })),
    statistics: {
      level: 0.05,
      columns: sample.tasks.flatMap(({ id, protocols }) =>
        protocols.map((protocol) =>
          columnTests(
            { task: name(id), protocol, metric: evil },
            {
              best: name('clip'),
              againstBest: { [name('clip-scratch')]: 0.5, [name('clip-partial')]: 0.001 },
              againstControls: { [name('clip')]: { [name('untrained')]: [0.1, 0.5] } },
            },
          ),
        ),
      ),
      ranks: { ...RANKS, methods: RANKS.methods.map(({ id, rank }) => ({ id: name(id), rank })) },
    },
  };
}
