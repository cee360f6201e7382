import type { ClassificationDetail, ColumnStatistics, ResultCell, RowComparison, RunResults } from '@medbench/core';

/** Adjusted p of the comparisons of one column, by row; rows without an entry were not compared. */
export interface ColumnTests {
  readonly best: string | null;
  readonly againstBest?: Readonly<Record<string, number>>;
  /** The difference and its adjusted p, by method and control. */
  readonly againstControls?: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>;
}

const comparison = (first: string, second: string, difference: number, adjusted: number): RowComparison => ({
  first,
  second,
  difference,
  ci95: [difference - 0.03, difference + 0.02],
  pValue: adjusted / 3,
  adjusted,
  test: 'mcnemar-mid-p',
});

/** The entry of one column in `RunResults.statistics`. */
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

/** The column of the sample that `withTests` keeps and adds tests to. */
export const TESTED = { task: 'pneumoniamnist', protocol: 'zero-shot', metric: 'accuracy' } as const;

/** Reduces the results to the column `TESTED` and adds tests to it. */
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

/** 105 examples, 5 of them of the rare class, 3 of which are classified right. */
export const DETAIL: ClassificationDetail = {
  classes: ['normal', 'pneumonia'],
  confusion: [
    [90, 10],
    [2, 3],
  ],
  rare: ['pneumonia'],
};

/** Adds a confusion matrix and the recall of the rare class to the cells of one task. @param recalls recall by row. */
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

/** Adds leaks to the cells of one task, with a note as the runner writes it. */
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
