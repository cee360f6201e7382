import type { RunCell, RunComparison, ScoredColumn, ScoredRow } from '@medbench/core';
import { renumberGroups } from './groups.js';
import { holm } from './holm.js';
import { twoSampleTest, twoWayTest } from './two-way.js';

const LEVEL = 0.05;

type Tested = Omit<NonNullable<RunCell['test']>, 'adjusted'>;
type Drafted = Omit<RunCell, 'test'> & { readonly tested: Tested | null };

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** JSON that is equal for equal counts, whatever the order of their keys. */
const canonicalJson = (counts: Readonly<Record<string, number>>): string =>
  JSON.stringify(Object.entries(counts).sort());

/** Reason why two columns cannot be compared (other test examples or another metric); undefined if they can. */
export function describeMismatch(first: ScoredColumn, second: ScoredColumn): string | undefined {
  const length = ({ rows }: ScoredColumn): number => rows[0]?.seeds[0]?.perExample.length ?? 0;
  if (length(first) !== length(second)) {
    return `different test sets: ${length(first)} and ${length(second)} examples`;
  }
  if (first.data !== undefined && second.data !== undefined) {
    if (first.data !== second.data) return 'different test sets: the files of the data differ';
  } else if (
    first.classCounts &&
    second.classCounts &&
    canonicalJson(first.classCounts) !== canonicalJson(second.classCounts)
  ) {
    return 'different test sets: other numbers of examples in the classes';
  }
  const shared = ({ groups }: ScoredColumn): string => JSON.stringify(groups ? renumberGroups(groups) : null);
  if (shared(first) !== shared(second)) {
    return 'different test sets: the examples are of other patients';
  }
  return first.metric === second.metric ? undefined : `different metrics: ${first.metric} and ${second.metric}`;
}

/** Runs the test that the seeds of both rows allow. @returns the result, or a reason if the seeds allow no test. */
function chooseTest(first: ScoredRow, second: ScoredRow, groups: readonly number[] | undefined): Tested | string {
  const listScores = ({ seeds }: ScoredRow): (readonly number[])[] => seeds.map(({ perExample }) => perExample);
  const common = first.seeds.flatMap(({ seed, perExample }) => {
    const other = second.seeds.find((candidate) => candidate.seed === seed);
    return other ? [perExample.map((score, i) => score - other.perExample[i]!)] : [];
  });
  if (common.length > 1) {
    const { ci95, pValue } = twoWayTest(common, groups);
    return { ci95, pValue: Number.isNaN(pValue) ? 1 : pValue, seeds: 'paired' };
  }
  if (first.seeds.length + second.seeds.length < 3) {
    return 'one training on each side: how much trainings differ by chance is unknown; a test needs several seeds';
  }
  const { ci95, pValue } = twoSampleTest(listScores(first), listScores(second), groups);
  return { ci95, pValue: Number.isNaN(pValue) ? 1 : pValue, seeds: 'separate' };
}

/** Mean scores by row, so that a row that is compared with many others is averaged once. */
const averages = new WeakMap<ScoredRow, number>();

function averageScore(row: ScoredRow): number {
  const average = averages.get(row) ?? mean(row.seeds.map(({ perExample }) => mean(perExample)));
  averages.set(row, average);
  return average;
}

function compareCell(columns: readonly [ScoredColumn, ScoredColumn], rows: readonly [ScoredRow, ScoredRow]): Drafted {
  const [{ task, protocol, metric, groups }] = columns;
  const averageValue = ({ seeds }: ScoredRow): number => mean(seeds.map(({ value }) => value));
  const [first, second] = rows;
  const info = {
    row: first.id,
    ...(first.id === second.id ? {} : { otherRow: second.id }),
    control: first.control,
    task,
    protocol,
    metric,
    values: [averageValue(first), averageValue(second)],
    seeds: [first.seeds.map(({ seed }) => seed), second.seeds.map(({ seed }) => seed)],
  } as const;
  const mismatch = describeMismatch(...columns);
  if (mismatch !== undefined) return { ...info, n: 0, difference: null, tested: null, reason: mismatch };
  const compared = {
    ...info,
    n: first.seeds[0]!.perExample.length,
    difference: averageScore(first) - averageScore(second),
  };
  if (first.control || second.control) return { ...compared, tested: null, reason: 'a control: no method trained it' };
  const test = chooseTest(first, second, groups);
  return typeof test === 'string' ? { ...compared, tested: null, reason: test } : { ...compared, tested: test };
}

/**
 * Compares two runs cell by cell on the same test examples. Examples are always paired. Trainings are paired by seed if
 * both runs have two or more seeds in common; otherwise the trainings of each run count as independent
 * (`twoSampleTest`). One training on each side is not tested: a test over examples would only show that the two models
 * differ, as two trainings of one method do too. p is corrected by Holm over all tested cells, so that two runs that
 * differ only in their seeds show a significant difference anywhere in at most 5 of 100 comparisons.
 *
 * @param pairs ids of the rows to compare, first run and second run. Default: each row with the row of the same id.
 */
export function compareRuns(
  first: readonly ScoredColumn[],
  second: readonly ScoredColumn[],
  pairs?: readonly (readonly [first: string, second: string])[],
): RunComparison {
  const listPartners = (row: string): readonly string[] =>
    pairs ? pairs.flatMap(([one, other]) => (one === row ? [other] : [])) : [row];
  const drafts = first.flatMap((column) => {
    const otherColumn = second.find(({ task, protocol }) => task === column.task && protocol === column.protocol);
    if (!otherColumn) return [];
    return column.rows.flatMap((row) =>
      listPartners(row.id).flatMap((partner) => {
        const match = otherColumn.rows.find(({ id }) => id === partner);
        return match ? [compareCell([column, otherColumn], [row, match])] : [];
      }),
    );
  });
  const tested = drafts.flatMap((draft) => draft.tested ?? []);
  const adjusted = holm(tested.map(({ pValue }) => pValue));
  const cells = drafts.map(
    ({ tested: test, ...draft }): RunCell => ({
      ...draft,
      test: test && { ...test, adjusted: adjusted[tested.indexOf(test)]! },
    }),
  );
  return { level: LEVEL, cells, tested: tested.length };
}
