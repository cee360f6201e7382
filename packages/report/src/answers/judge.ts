import type { ColumnComparisons, Comparison, ResultCell, RunResults } from '@medbench/core';
import { holm } from '@medbench/evaluation/statistics';
import { cellsAt } from '../cells.js';
import { type ColumnInfo, cellIn, listColumns } from '../columns.js';

/**
 * The smallest difference of mean scores that matters: 5 points. Where the interval of a difference that is not
 * significant reaches beyond it, a difference that matters may be there or not, and the examples are too few to tell;
 * where the interval stays within, none of that size is there.
 */
export const SMALLEST_RELEVANT_DIFFERENCE = 0.05;

/** What may be said of one comparison; `untested` where a cell failed or is not there. */
export type Finding = 'helps' | 'hurts' | 'no-difference' | 'too-few' | 'untested';

/** Two rows to be compared: what is said is said of the first. */
export interface Contrast {
  readonly first: string;
  readonly second: string;
}

/** One contrast in one column. */
export interface JudgedContrast extends Contrast {
  readonly column: ColumnInfo;
  readonly finding: Finding;
  /** Of `untested`: why. */
  readonly reason?: string;
  /** The comparison, its `adjusted` p corrected for the question too; undefined where nothing was tested. */
  readonly comparison?: Comparison;
  /** Seeds that both rows have. */
  readonly seeds: readonly number[];
}

/** All that is judged: the figures of a run, and every pair of its rows. */
export interface JudgedRun {
  readonly results: RunResults;
  readonly comparisons: readonly ColumnComparisons[];
}

const reverse = (comparison: Comparison): Comparison => ({
  ...comparison,
  first: comparison.second,
  second: comparison.first,
  difference: -comparison.difference,
  ci95: [-comparison.ci95[1], -comparison.ci95[0]],
});

const mean = (cells: readonly ResultCell[]): number =>
  cells.reduce((sum, { value }) => sum + (value ?? Number.NaN), 0) / cells.length;

/** The comparison of a contrast in a column, the first row first. Rare classes have comparisons of their own. */
function findComparison(
  { comparisons }: JudgedRun,
  { task, protocol, metric, rare }: ColumnInfo,
  { first, second }: Contrast,
): Comparison | undefined {
  const pairs = comparisons
    .filter((one) => one.task === task && one.protocol === protocol && one.metric === (rare ? metric : undefined))
    .flatMap((column) => column.pairs);
  const sameOrder = pairs.find((pair) => pair.first === first && pair.second === second);
  const reverseOrder = sameOrder ? undefined : pairs.find((pair) => pair.first === second && pair.second === first);
  return sameOrder ?? (reverseOrder && reverse(reverseOrder));
}

/**
 * What one comparison allows to be said. Equal scores of n examples leave room for a true difference of 3 / n (the rule of
 * three), whatever their interval is: fewer than 60 examples never show that there is none.
 */
function classifyComparison({ adjusted, difference, ci95 }: Comparison, n: number, level: number): Finding {
  // Written so that a p that is no number is not significant.
  if (adjusted < level && difference !== 0) return difference > 0 ? 'helps' : 'hurts';
  // JSON has no infinity: an endless interval comes back as null.
  const intervalIsSmall = ci95.every((end) => end !== null && Math.abs(end) <= SMALLEST_RELEVANT_DIFFERENCE);
  return intervalIsSmall && 3 / n <= SMALLEST_RELEVANT_DIFFERENCE ? 'no-difference' : 'too-few';
}

/**
 * Compares the rows of contrasts in every column that both could have, on rare classes alone where that is asked.
 * p is the larger of two: corrected within its column, as the table has it, and by Holm over all comparisons of the
 * question; so an answer is never surer than the table, and one that speaks of many columns has paid for them.
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
      const reason = failed.length > 0 ? `${failed.join(' and ')} failed there` : 'no test was made there';
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
      const contradiction = `more examples are right there where ${contrast.column.metric} is lower: the test says nothing of it`;
      return { ...contrast, finding: 'untested', reason: contradiction };
    }
    return { ...contrast, comparison: judged, finding: classifyComparison(judged, contrast.column.n, level) };
  });
}
