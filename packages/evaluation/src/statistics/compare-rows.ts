import type {
  ColumnComparisons,
  ColumnStatistics,
  CompareRows,
  RowComparison,
  ScoredColumn,
  ScoredRow,
} from '@medbench/core';
import { mcnemar, signFlipTest, sumsByGroup } from './compare.js';
import { holm } from './holm.js';
import { averageRanks } from './ranks.js';
import { twoWayTest } from './two-way.js';

const LEVEL = 0.05;
/** Number of independent examples from which the mean of graded scores is close enough to normal. */
const MANY = 50;

type Uncorrected = Omit<RowComparison, 'adjusted'>;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Scores of both rows for the seeds that both have. */
function pairScores(first: ScoredRow, second: ScoredRow): { a: readonly number[]; b: readonly number[] }[] {
  return first.seeds.flatMap(({ seed, perExample: a }) => {
    const b = second.seeds.find((other) => other.seed === seed)?.perExample;
    return b && b.length === a.length && a.length > 0 ? [{ a, b }] : [];
  });
}

/**
 * Compares two rows on the same test examples. With one seed, scores of 0 and 1 without groups get McNemar's test with
 * mid-p. Other scores get a paired t test on examples or groups, or a sign-flip test if there are few. With several
 * seeds, t tests treat examples and seeds as samples (`twoWayTest`).
 *
 * @returns undefined if the rows have no scored seed in common.
 */
export function compareTwo(first: ScoredRow, second: ScoredRow, groups?: readonly number[]): Uncorrected | undefined {
  const pairs = pairScores(first, second);
  if (pairs.length === 0) return undefined;
  const differences = pairs.map(({ a, b }) => a.map((score, i) => score - b[i]!));
  const grouped = groups && new Set(groups).size < groups.length ? groups : undefined;
  const { mean: difference, ci95, pValue, examples } = twoWayTest(differences, grouped);
  const common = { first: first.id, second: second.id, difference, ci95 };
  const [{ a, b }] = pairs as [(typeof pairs)[number]];
  const singleSeed = pairs.length === 1;
  if (singleSeed && !grouped && [...a, ...b].every((score) => score === 0 || score === 1)) {
    return { ...common, pValue: mcnemar(a, b).pValue, test: 'mcnemar-mid-p' };
  }
  if (Number.isNaN(pValue) || (singleSeed && examples < MANY)) {
    const flipped = grouped ? sumsByGroup(differences[0]!, grouped) : differences[0]!;
    return { ...common, pValue: signFlipTest(flipped, 0), test: 'sign-flip' };
  }
  return { ...common, pValue, test: singleSeed ? 'paired-t' : 'two-way-t' };
}

/** Applies Holm's correction over one family of comparisons. Comparisons that were not possible are left out. */
function corrected(comparisons: readonly (Uncorrected | undefined)[]): RowComparison[] {
  const tested = comparisons.filter((comparison) => comparison !== undefined);
  const adjusted = holm(tested.map(({ pValue }) => pValue));
  return tested.map((comparison, i) => ({ ...comparison, adjusted: adjusted[i]! }));
}

const reversed = (comparison: RowComparison): RowComparison => ({
  ...comparison,
  first: comparison.second,
  second: comparison.first,
  difference: -comparison.difference,
  ci95: [-comparison.ci95[1], -comparison.ci95[0]],
});

function compareColumn(column: ScoredColumn): { statistics: ColumnStatistics; pairs: RowComparison[] } {
  const { task, protocol, metric, groups, rows } = column;
  const scored = rows.filter(({ seeds }) => seeds.length > 0);
  const methods = scored.filter(({ control }) => !control);
  const controls = scored.filter(({ control }) => control);
  const pairs = corrected(
    methods.flatMap((first, i) => methods.slice(i + 1).map((second) => compareTwo(first, second, groups))),
  );
  const averageScore = ({ seeds }: ScoredRow): number => mean(seeds.map(({ perExample }) => mean(perExample)));
  const best = methods.reduce<ScoredRow | undefined>(
    (leader, row) => (leader === undefined || averageScore(row) > averageScore(leader) ? row : leader),
    undefined,
  );
  const againstBest = pairs.flatMap((pair) =>
    pair.first === best?.id ? [pair] : pair.second === best?.id ? [reversed(pair)] : [],
  );
  const shared = methods
    .map(({ seeds }) => seeds.map(({ seed }) => seed))
    .reduce<readonly number[] | undefined>(
      (common, seeds) => common?.filter((seed) => seeds.includes(seed)) ?? seeds,
      undefined,
    );
  return {
    pairs,
    statistics: {
      task,
      protocol,
      metric,
      n: scored[0]?.seeds[0]?.perExample.length ?? 0,
      seeds: shared ?? [],
      pairs: pairs.length,
      best: best?.id ?? null,
      againstBest,
      againstControls: corrected(
        methods.flatMap((method) => controls.map((control) => compareTwo(method, control, groups))),
      ),
    },
  };
}

/**
 * Tests which differences of a table are more than chance. Within each column, rows are compared by paired tests. p is
 * corrected by Holm over the pairs of methods, and separately over the pairs of method and control. Methods are ranked
 * on average over the columns in which every method has a figure.
 */
export const compareRows: CompareRows = (columns) => {
  const compared = columns.map(compareColumn);
  const fullColumns = columns.filter(({ part }) => !part);
  const ids = [
    ...new Set(
      fullColumns.flatMap(({ rows }) => rows.filter((row) => !row.control && row.seeds.length > 0).map(({ id }) => id)),
    ),
  ];
  const scores = fullColumns.flatMap(({ rows }) => {
    const values = ids.map((id) => rows.find((row) => row.id === id)?.seeds.map(({ value }) => value) ?? []);
    return values.every(({ length }) => length > 0) ? [values.map(mean)] : [];
  });
  return {
    statistics: {
      level: LEVEL,
      columns: compared.filter((_, c) => !columns[c]!.part).map(({ statistics }) => statistics),
      ranks: averageRanks(ids, scores),
    },
    comparisons: compared.map(
      ({ statistics: { task, protocol, metric }, pairs }, c): ColumnComparisons => ({
        task,
        protocol,
        ...(columns[c]!.part ? { metric } : {}),
        pairs,
      }),
    ),
  };
};
