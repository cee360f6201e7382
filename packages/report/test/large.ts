import type { ClassificationDetail, ProtocolId, ResultCell, RowComparison, RunResults } from '@medbench/core';
import { sampleResults } from './sample.js';

const MODALITIES = ['radiology', 'histopathology', 'dermatology', 'ophthalmology', 'ultrasound', 'mixed'];
const CLASSES = Array.from({ length: 7 }, (_, i) => `class number ${i}`);
const METRICS = ['accuracy', 'balanced_accuracy', 'auc', 'f1', 'ece', ...CLASSES.map((name) => `recall_${name}`)];

/** A number in [0, 1) that depends only on its arguments, so that made-up figures are the same in every call. */
const pseudoRandom = (...place: readonly number[]): number => {
  const x = Math.sin(place.reduce((sum, part, i) => sum + part * (12.9898 + 7.1 * i), 1)) * 43758.5453;
  return x - Math.floor(x);
};

export interface LargeSize {
  readonly methods: number;
  readonly tasks: number;
  readonly seeds: number;
}

/** Makes up results of any size with every mark, every test, and a confusion matrix for each cell. */
export function largeResults({ methods: M, tasks: T, seeds: S }: LargeSize): RunResults {
  const sample = sampleResults();
  const seeds = Array.from({ length: S }, (_, seed) => seed);
  const controls = ['untrained', 'majority', 'raw-pixels'];
  const methods = [
    ...Array.from({ length: M - controls.length }, (_, m) => ({
      id: `method-${m}:freeze=${m / 10}`,
      title: `A method of some length, number ${m}`,
      question: ['baseline', 'transfer', 'unimodal', 'granularity'][m % 4]!,
      extension: m % 5 === 4,
      control: false,
    })),
    ...controls.map((id) => ({ id, title: `Control ${id}`, question: 'control', extension: false, control: true })),
  ];
  const protocol: ProtocolId = 'linear-probe';
  const tasks = Array.from({ length: T }, (_, t) => ({
    id: `task-${t}`,
    title: `Data set number ${t}`,
    modality: MODALITIES[Math.floor((t * MODALITIES.length) / T)]!,
    protocols: [t % 2 === 0 ? protocol : ('zero-shot' as const)],
  }));
  const value = (m: number, t: number, s: number, k = 0): number =>
    0.4 + 0.3 * pseudoRandom(m, 1) + 0.2 * pseudoRandom(t, 2, k) + 0.05 * pseudoRandom(m, t, s, k);
  const detail = (m: number, t: number): ClassificationDetail => ({
    classes: CLASSES,
    confusion: CLASSES.map((_, r) => CLASSES.map((_, c) => Math.round((r === c ? 90 : 10) * pseudoRandom(m, t, r, c)))),
    rare: [],
  });
  const cells = seeds.flatMap((seed) =>
    methods.flatMap(({ id: method, control }, m) =>
      tasks.map((task, t): ResultCell => {
        const metrics = Object.fromEntries(
          METRICS.map((name, k) => {
            const score = value(m, t, seed, k);
            return [name, { value: score, ci95: [score - 0.03, score + 0.03] as const }];
          }),
        );
        return {
          method,
          control,
          task: task.id,
          protocol: task.protocols[0]!,
          seed,
          metric: 'accuracy',
          ...metrics.accuracy!,
          n: 1000 + t,
          metrics,
          seconds: 3.25,
          status: 'ok',
          synthetic: t % 3 === 0,
          classification: detail(m, t),
        };
      }),
    ),
  );
  const trained = methods.filter(({ control }) => !control);
  const comparison = (first: string, second: string, difference: number): RowComparison => ({
    first,
    second,
    difference,
    ci95: [difference - 0.05, difference + 0.05],
    pValue: 0.2,
    adjusted: pseudoRandom(difference * 1e6),
    test: 'two-way-t',
  });
  const columns = tasks.map((task, t) => ({
    task: task.id,
    protocol: task.protocols[0]!,
    metric: 'accuracy',
    n: 1000 + t,
    seeds,
    pairs: (trained.length * (trained.length - 1)) / 2,
    best: trained[0]!.id,
    againstBest: trained.slice(1).map(({ id }, m) => comparison(trained[0]!.id, id, pseudoRandom(m, t) / 10)),
    againstControls: trained.flatMap(({ id }, m) =>
      controls.map((c, k) => comparison(id, c, pseudoRandom(m, t, k) / 10)),
    ),
  }));
  const training = seeds.flatMap((seed) => trained.map(({ id: method }) => ({ ...sample.training[0]!, method, seed })));
  const ranks = {
    columns: T,
    methods: trained.map(({ id }, m) => ({ id, rank: 1 + m })),
    criticalDifference: 7.5,
    pValue: 1e-9,
  };
  return {
    ...sample,
    run: { ...sample.run, seeds },
    methods,
    tasks,
    training,
    cells,
    statistics: { level: 0.05, columns, ranks },
  };
}
