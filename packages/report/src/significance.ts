import type { ColumnStatistics, ProtocolId, RowComparison, RunStatistics } from '@medbench/core';
import type { ColumnInfo } from './columns.js';
import { formatP, formatSigned, formatSignedInterval } from './format.js';

/** A mark beside a figure that shows the outcome of paired tests. */
export interface TestMark {
  /**
   * `≈` not significantly worse than the best of the column; `∘` not significantly above every control; `?` not tested
   * against the best, on a leaderboard.
   */
  readonly symbol: '≈' | '∘' | '?';
  /** Description of the mark and of its comparison, with difference, interval and p. */
  readonly about: string;
}

/** The fields of a row that decide its marks in one column. */
export interface ComparedRow {
  readonly id: string;
  readonly title: string;
  readonly control: boolean;
  readonly value: number | null;
  /** Whether it is printed as the best of the column. */
  readonly best: boolean;
}

/** Marks and footnotes that the comparisons of one column give. */
export interface ColumnVerdict {
  /** Marks by row. */
  readonly marks: ReadonlyMap<string, readonly TestMark[]>;
  /** Footnotes by row, for methods that were not compared although others were. */
  readonly doubts: ReadonlyMap<string, readonly string[]>;
  /** Footnotes that a reader needs to understand the marks of this column. */
  readonly notes: readonly string[];
}

/** Finds the comparisons of one task under one protocol; undefined if there are none. */
export const findComparisons = (
  statistics: RunStatistics | undefined,
  { task, protocol }: { readonly task: string; readonly protocol: ProtocolId },
): ColumnStatistics | undefined =>
  statistics?.columns.find((column) => column.task === task && column.protocol === protocol);

/** Whether a comparison is significant. A NaN p is not. */
export const isSignificant = ({ adjusted }: RowComparison, { level }: RunStatistics): boolean => adjusted < level;

const surelyAbove = (comparison: RowComparison, statistics: RunStatistics): boolean =>
  comparison.difference > 0 && isSignificant(comparison, statistics);

/** Text of the marks that follow a figure: ` ≈`, ` ∘`, ` ≈ ∘`, or empty. */
export const markSuffix = (marks: readonly TestMark[]): string => marks.map(({ symbol }) => ` ${symbol}`).join('');

function listMarks(
  row: ComparedRow,
  comparisons: ColumnStatistics,
  statistics: RunStatistics,
  rows: readonly ComparedRow[],
): TestMark[] {
  const findTitle = (id: string): string => rows.find((other) => other.id === id)?.title ?? id;
  const text = ({ first, second, difference, ci95, adjusted }: RowComparison): string =>
    `${findTitle(first)} minus ${findTitle(second)}: ${formatSigned(difference)}, 95 % interval ${formatSignedInterval(
      ci95,
    )}, adjusted p ${formatP(adjusted)}`;
  const tie = comparisons.againstBest.find(({ second }) => second === row.id);
  const controls = comparisons.againstControls.filter(
    (comparison) => comparison.first === row.id && !surelyAbove(comparison, statistics),
  );
  const marks: TestMark[] = [];
  if (tie && !isSignificant(tie, statistics)) {
    marks.push({ symbol: '≈', about: `Not significantly worse than the best. ${text(tie)}` });
  }
  // Only the nearest control is described in full: thousands of figures may each have several controls.
  const [nearest, ...others] = [...controls].sort((a, b) => b.adjusted - a.adjusted);
  if (nearest) {
    const also = others.length > 0 ? `; nor above ${others.map(({ second }) => findTitle(second)).join(', ')}` : '';
    const about = `Not significantly above every control. ${text(nearest)}${also}`;
    marks.push({ symbol: '∘', about });
  }
  return marks;
}

function listNotes(comparisons: ColumnStatistics | undefined, rows: readonly ComparedRow[], metric: string): string[] {
  const measured = rows.filter(({ control, value }) => !control && value !== null);
  if (!comparisons || comparisons.againstBest.length === 0) {
    return measured.length > 1 ? ['no test says which differences between the methods of this column are real'] : [];
  }
  const reference = rows.find(({ id }) => id === comparisons.best);
  if (!reference || reference.best) return [];
  const name = reference.title === reference.id ? reference.id : `${reference.title} (${reference.id})`;
  const other = rows.some(({ best }) => best) ? `; by ${metric} another method is best` : '';
  return [`the tests compare with ${name}, which has the highest mean score per test example${other}`];
}

/**
 * Footnotes for methods that were not compared in a column in which others were. Without a footnote, a missing mark
 * would look like a significant difference.
 */
function listDoubts(comparisons: ColumnStatistics, methods: readonly ComparedRow[]): ColumnVerdict['doubts'] {
  const withBest = new Set([comparisons.best, ...comparisons.againstBest.map(({ second }) => second)]);
  const withControls = new Set(comparisons.againstControls.map(({ first }) => first));
  const untested = methods.filter(
    ({ id }) =>
      (comparisons.againstBest.length > 0 && !withBest.has(id)) ||
      (comparisons.againstControls.length > 0 && !withControls.has(id)),
  );
  return new Map(untested.map(({ id }) => [id, ['not compared with the other rows: no test of its difference']]));
}

/** Derives the marks and footnotes of one column from its paired tests. Columns about rare classes have no tests. */
export function judgeColumn(
  statistics: RunStatistics,
  column: ColumnInfo,
  rows: readonly ComparedRow[],
): ColumnVerdict {
  if (column.rare) return { marks: new Map(), doubts: new Map(), notes: [] };
  const comparisons = findComparisons(statistics, column);
  const notes = listNotes(comparisons, rows, column.metric);
  if (!comparisons) return { marks: new Map(), doubts: new Map(), notes };
  const methods = rows.filter(({ control, value }) => !control && value !== null);
  return {
    marks: new Map(methods.map((row) => [row.id, listMarks(row, comparisons, statistics, rows)])),
    doubts: listDoubts(comparisons, methods),
    notes,
  };
}
