import type { ColumnComparisons, ResultCell, RowComparison, RunResults } from '@medbench/core';
import { holm } from '@medbench/evaluation/statistics';
import { cellsAt } from '../cells.js';
import { type ColumnInfo, cellIn, listColumns } from '../columns.js';

/**
 * The smallest difference of mean scores that matters: 5 points. If the interval of a difference that is not
 * significant reaches beyond this size, a relevant difference may exist, and the examples are too few to tell. If the
 * interval stays within it, there is no difference of this size.
 */
export const SMALLEST_RELEVANT_DIFFERENCE = 0.05;

/** Outcome of one comparison; `untested` where a cell failed or is missing. */
export type Finding = 'helps' | 'hurts' | 'no-difference' | 'too-few' | 'untested';

/** Two rows to compare; a finding is about the first. */
export interface Contrast {
  readonly first: string;
  readonly second: string;
}

/** One contrast in one column. */
export interface JudgedContrast extends Contrast {
  readonly column: ColumnInfo;
  readonly finding: Finding;
  /** Why the contrast is `untested`. */
  readonly reason?: string;
  /** The comparison, with `adjusted` p also corrected for the question; undefined where nothing was tested. */
  readonly comparison?: RowComparison;
  /** Seeds that both rows have. */
  readonly seeds: readonly number[];
}

/** The figures of a run, and the comparisons of all pairs of its rows. */
export interface JudgedRun {
  readonly results: RunResults;
  readonly comparisons: readonly ColumnComparisons[];
}

const reverse = (comparison: RowComparison): RowComparison => ({
  ...comparison,
  first: comparison.second,
  second: comparison.first,
  difference: -comparison.difference,
  ci95: [-comparison.ci95[1], -comparison.ci95[0]],
});

const mean = (cells: readonly ResultCell[]): number =>
  cells.reduce((sum, { value }) => sum + (value ?? Number.NaN), 0) / cells.length;

/**
 * Finds the comparison of a contrast in a column, reversed if necessary so that the first row comes first. Columns
 * about rare classes have comparisons of their own.
 */
function findComparison(
  { comparisons }: JudgedRun,
  { task, protocol, metric, rare }: ColumnInfo,
  { first, second }: Contrast,
): RowComparison | undefined {
  const pairs = comparisons
    .filter((one) => one.task === task && one.protocol === protocol && one.metric === (rare ? metric : undefined))
    .flatMap((column) => column.pairs);
  const sameOrder = pairs.find((pair) => pair.first === first && pair.second === second);
  const reverseOrder = sameOrder ? undefined : pairs.find((pair) => pair.first === second && pair.second === first);
  return sameOrder ?? (reverseOrder && reverse(reverseOrder));
}

/**
 * Classifies one comparison. Equal scores on n examples are compatible with a true difference of 3 / n (the rule of
 * three), whatever their interval is: fewer than 60 examples can never show that there is no difference.
 */
function classifyComparison({ adjusted, difference, ci95 }: RowComparison, n: number, level: number): Finding {
  // A NaN p fails this comparison, so it is not significant.
  if (adjusted < level && difference !== 0) return difference > 0 ? 'helps' : 'hurts';
  // JSON has no infinity: an infinite end of an interval is read back as null.
  const intervalIsSmall = ci95.every((end) => end !== null && Math.abs(end) <= SMALLEST_RELEVANT_DIFFERENCE);
  return intervalIsSmall && 3 / n <= SMALLEST_RELEVANT_DIFFERENCE ? 'no-difference' : 'too-few';
}

/**
 * Compares the rows of contrasts in every column in which both rows have cells. `on` selects primary metrics or rare
 * classes. p is the larger of two corrected values: within its column, as in the table, and by Holm over all
 * comparisons of the question. So an answer is never more certain than the table, and an answer over many columns is
 * corrected for their number.
 */
export function judge(
  run: JudgedRun,
  contrasts: readonly Contrast[],
  on: 'primary' | 'rare' = 'primary',
): JudgedContrast[] {
  const { results } = run;
  const columns = listColumns(results).filter(({ rare }) => (rare !== undefined) === (on === 'rare'));
  const candidates = columns.flatMap((column) =>
    contrasts.flatMap(({ first, second }) => {
      const [a, b] = [first, second].map((row) => cellsAt(results, row, column).map((cell) => cellIn(cell, column)));
      if (a!.length === 0 || b!.length === 0) return [];
      const measured = [a!, b!].map((cells) => cells.filter(({ status, value }) => status === 'ok' && value !== null));
      const seeds = measured[0]!.map(({ seed }) => seed).filter((seed) => measured[1]!.some((it) => it.seed === seed));
      const failed = [first, second].filter((_, i) => measured[i]!.length === 0);
      const reason = failed.length > 0 ? `${failed.join(' and ')} failed there` : 'no test was run there';
      const comparison = findComparison(run, column, { first, second });
      const [better, worse] = measured.map((cells) => mean(cells.filter(({ seed }) => seeds.includes(seed))));
      return [{ first, second, column, seeds, reason, comparison, gap: better! - worse! }];
    }),
  );
  const tested = candidates.flatMap(({ comparison }) => comparison ?? []);
  const corrected = holm(tested.map(({ pValue, adjusted }) => pValue ?? adjusted));
  const level = results.statistics?.level ?? 0.05;
  return candidates.map(({ reason, comparison, gap, ...contrast }): JudgedContrast => {
    if (!comparison) return { ...contrast, finding: 'untested', reason };
    const adjusted = Math.max(comparison.adjusted, corrected[tested.indexOf(comparison)]!);
    const judged = { ...comparison, adjusted };
    if (gap * comparison.difference < 0 && adjusted < level) {
      const contradiction = `the mean score per test example and ${contrast.column.metric} disagree there about which row is better`;
      return { ...contrast, finding: 'untested', reason: contradiction };
    }
    return { ...contrast, comparison: judged, finding: classifyComparison(judged, contrast.column.n, level) };
  });
}
