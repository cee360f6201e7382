import type { ClassificationDetail, ColumnStatistics, Comparison, ResultCell, RunResults } from '@medbench/core';

/** Adjusted p of the comparisons of one column, by row; rows that are not named were not compared. */
export interface ColumnTests {
  readonly best: string | null;
  readonly againstBest?: Readonly<Record<string, number>>;
  /** By method and control: the difference, and its adjusted p. */
  readonly againstControls?: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>;
}

const comparison = (first: string, second: string, difference: number, adjusted: number): Comparison => ({
  first,
  second,
  difference,
  ci95: [difference - 0.03, difference + 0.02],
  pValue: adjusted / 3,
  adjusted,
  test: 'mcnemar-mid-p',
});

/** What `RunResults.statistics` has of one column. */
export function columnTests(
  cell: Pick<ResultCell, 'task' | 'protocol' | 'metric'>,
  { best, againstBest = {}, againstControls = {} }: ColumnTests,
  seeds: readonly number[] = [0],
): ColumnStatistics {
  return {
    task: cell.task,
    protocol: cell.protocol,
    metric: cell.metric,
    n: 624,
    seeds,
    pairs: Object.keys(againstBest).length + 1,
    best,
    againstBest: Object.entries(againstBest).map(([id, p]) => comparison(best ?? '', id, 0.0104, p)),
    againstControls: Object.entries(againstControls).flatMap(([method, controls]) =>
      Object.entries(controls).map(([control, [difference, p]]) => comparison(method, control, difference, p)),
    ),
  };
}

/** The column of the sample that `withTests` is about unless told otherwise. */
export const TESTED = { task: 'pneumoniamnist', protocol: 'zero-shot', metric: 'accuracy' } as const;

/** The results with tests of one column alone, and no other column. */
export function withTests(results: RunResults, tests: ColumnTests): RunResults {
  const { seeds } = results.run;
  return {
    ...results,
    cells: results.cells.filter(({ task, protocol }) => task === TESTED.task && protocol === TESTED.protocol),
    statistics: { level: 0.05, columns: [columnTests(TESTED, tests, seeds)], ranks: null },
  };
}

/** Average ranks of the sample's methods. */
export const RANKS = {
  columns: 7,
  methods: [
    { id: 'clip', rank: 1.5 },
    { id: 'clip-scratch', rank: 2.857142857142857 },
    { id: 'clip-partial', rank: 1.6428571428571428 },
  ],
  criticalDifference: 0.9512,
  pValue: 0.0123,
} as const;

/** Five rare examples of 105: 3 of 5 right. */
export const DETAIL: ClassificationDetail = {
  classes: ['normal', 'pneumonia'],
  confusion: [
    [90, 10],
    [2, 3],
  ],
  rare: ['pneumonia'],
};

/** The cells of one task with a confusion matrix and the recall of its rare class, by row of the table. */
export function withRare(results: RunResults, task: string, recalls: Readonly<Record<string, number>>): RunResults {
  return {
    ...results,
    cells: results.cells.map((cell) => {
      const value = recalls[cell.method];
      if (cell.task !== task || cell.status !== 'ok' || value === undefined) return cell;
      const rare = { value, ci95: [value - 0.1, value + 0.1] as const };
      return {
        ...cell,
        metrics: { ...cell.metrics, rare_recall: rare, recall_pneumonia: rare },
        classification: DETAIL,
      };
    }),
  };
}

/** The results with leaks found in one task, as the runner notes them. */
export function withLeak(results: RunResults, leaking: string): RunResults {
  return {
    ...results,
    cells: results.cells.map((cell) =>
      cell.task === leaking && cell.status === 'ok'
        ? {
            ...cell,
            notes: [...(cell.notes ?? []), LEAK_NOTE],
            leaks: [{ of: 'train', compared: 900, groups: null, identical: 12, near: 3 }],
          }
        : cell,
    ),
  };
}

export const LEAK_NOTE =
  'leak: the training split has seen test images, of 624: 12 pixel for pixel, 3 in all but encoding (leaks/x.json)';
