import type { RunCell } from '@medbench/core';
import { compareRuns } from '@medbench/evaluation/statistics';
import type { Entry } from './entries.js';
import type { Submission } from './gather.js';
import type { TestSet, TestSets } from './test-sets.js';

/** Significance level of the tests, that of `compareRuns`. */
export const LEVEL = 0.05;

/** The comparison of two entries on one test set, first minus second. */
export type PairTest = Pick<RunCell, 'difference' | 'n' | 'test' | 'reason'>;

/** Verdict of a test on the first of two entries. */
export type Outcome = 'better' | 'worse' | 'no difference found' | 'not tested';

/** The outcome of a test, never stronger than it. */
export function outcome({ test, difference }: PairTest, level = LEVEL): Outcome {
  if (!test) return 'not tested';
  if (!(test.adjusted < level)) return 'no difference found';
  return difference! > 0 ? 'better' : 'worse';
}

function reversed(pair: PairTest): PairTest {
  const { difference, test } = pair;
  return {
    ...pair,
    difference: difference === null ? null : -difference,
    test: test && { ...test, ci95: [-test.ci95[1], -test.ci95[0]] },
  };
}

/**
 * Tests of entries against each other, each by the comparison of two runs. Rows of the same id in two submissions are
 * compared as `medbench compare A B` does: p is corrected for all cells that the two have in common. Any other two rows
 * are compared as `medbench compare A B --pair ROW=ROW` does: p is corrected for the cells of the two rows.
 */
export class PairTests {
  readonly #whole = new Map<string, readonly RunCell[]>();
  readonly #pairs = new Map<string, ReadonlyMap<TestSet, PairTest>>();

  constructor(
    private readonly sets: TestSets,
    private readonly submissions: readonly Submission[],
    private readonly entries: readonly Entry[],
  ) {}

  /** The tests of two entries by test set, first minus second. Controls are not tested. */
  between(first: Entry, second: Entry): ReadonlyMap<TestSet, PairTest> {
    const [i, j] = [this.entries.indexOf(first), this.entries.indexOf(second)];
    const found = this.#pairs.get(`${i} ${j}`);
    if (found) return found;
    // Tested in one direction, so that both directions agree to the last digit.
    const tested =
      i <= j
        ? this.#compare(first, second)
        : new Map([...this.between(second, first)].map(([set, pair]) => [set, reversed(pair)]));
    this.#pairs.set(`${i} ${j}`, tested);
    return tested;
  }

  #compare(first: Entry, second: Entry): ReadonlyMap<TestSet, PairTest> {
    const [[a], [b]] = [first.submissions, second.submissions];
    if (first.control || second.control || !a || !b) return new Map();
    const cells =
      first.row === second.row && a !== b
        ? this.#compareWhole(a, b).filter(({ row }) => row === first.row)
        : compareRuns(a.columns, b.columns, [[first.row, second.row]]).cells;
    return new Map(
      cells.flatMap((cell) => {
        const set = this.sets.find(a, cell);
        return set === this.sets.find(b, cell) ? [[set, cell] as const] : [];
      }),
    );
  }

  #compareWhole(a: Submission, b: Submission): readonly RunCell[] {
    const key = `${this.submissions.indexOf(a)} ${this.submissions.indexOf(b)}`;
    const cells = this.#whole.get(key) ?? compareRuns(a.columns, b.columns).cells;
    this.#whole.set(key, cells);
    return cells;
  }
}
