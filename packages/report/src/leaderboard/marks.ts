import { formatP, formatSigned, formatSignedInterval } from '../format.js';
import type { TableFigure } from '../model.js';
import type { TestMark } from '../significance.js';
import type { Entry } from './entries.js';
import type { TestSet } from './test-sets.js';
import { outcome, type PairTest, type PairTests } from './tests.js';

/** The best entry of a test set by its printed figure: the one that the others are compared with. */
export function findBest(entries: readonly Entry[], figures: readonly Pick<TableFigure, 'best'>[]): Entry | undefined {
  return entries.find((_, i) => figures[i]!.best);
}

/** The numbers of a test in words, or why there is none. */
export function describePair({ difference, test, reason }: PairTest): string {
  if (!test || difference === null) return reason ?? 'no scores of the test examples';
  return `difference ${formatSigned(difference)}, 95 % interval ${formatSignedInterval(test.ci95)}, adjusted p ${formatP(test.adjusted)}`;
}

/** The mark of an entry beside the best of its column; undefined if it is significantly worse. */
function markAgainst(best: Entry, pair: PairTest | undefined): TestMark | undefined {
  if (!pair?.test) {
    const why = pair ? describePair(pair) : 'the scores of its test examples are not there';
    return { symbol: '?', about: `Not tested against ${best.label}, the best of the column: ${why}` };
  }
  if (outcome(pair) === 'worse') return undefined;
  return {
    symbol: '≈',
    about: `Not significantly worse than ${best.label}, the best of the column: ${describePair(pair)}`,
  };
}

/**
 * The marks of one column, one list for each entry: `≈` for entries that are not significantly worse than the best, `?`
 * for those that were not tested against it.
 */
export function markColumn(
  set: TestSet,
  entries: readonly Entry[],
  figures: readonly TableFigure[],
  tests: PairTests,
): TestMark[][] {
  const best = findBest(entries, figures);
  return entries.map((entry, i) => {
    const { value, best: isBest } = figures[i]!;
    if (!best || entry === best || entry.control || value === null) return [];
    const mark = markAgainst(best, tests.between(entry, best).get(set));
    return mark && !(isBest && mark.symbol === '?') ? [mark] : [];
  });
}
