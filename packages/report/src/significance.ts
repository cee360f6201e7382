import type { ColumnStatistics, Comparison, ProtocolId, RunStatistics } from '@medbench/core';
import type { ColumnInfo } from './columns.js';
import { formatP, formatSigned, formatSignedInterval } from './format.js';

/** What a paired test says about a figure, beside the number. */
export interface TestMark {
  /** `≈` not significantly worse than the best of the column; `∘` not significantly above every control. */
  readonly symbol: '≈' | '∘';
  /** The comparisons that it rests on, with difference, interval and p. */
  readonly about: string;
}

/** A row as far as it matters for what is marked in one column. */
export interface ComparedRow {
  readonly id: string;
  readonly title: string;
  readonly control: boolean;
  readonly value: number | null;
  /** True if it is printed as the best of the column. */
  readonly best: boolean;
}

/** What the comparisons of one column say about its figures. */
export interface ColumnVerdict {
  /** By row. */
  readonly marks: ReadonlyMap<string, readonly TestMark[]>;
  /** By row: why it has no mark though nothing is known of its difference. */
  readonly doubts: ReadonlyMap<string, readonly string[]>;
  /** What must be known to read the marks of this column. */
  readonly notes: readonly string[];
}

/** The comparisons of one task under one protocol. */
export const findComparisons = (
  statistics: RunStatistics | undefined,
  { task, protocol }: { readonly task: string; readonly protocol: ProtocolId },
): ColumnStatistics | undefined =>
  statistics?.columns.find((column) => column.task === task && column.protocol === protocol);

/** Written so that a p that is no number is not significant. */
export const isSignificant = ({ adjusted }: Comparison, { level }: RunStatistics): boolean => adjusted < level;

const surelyAbove = (comparison: Comparison, statistics: RunStatistics): boolean =>
  comparison.difference > 0 && isSignificant(comparison, statistics);

/** Marks as they follow a figure: ` ≈`, ` ∘`, ` ≈ ∘`, or nothing. */
export const markSuffix = (marks: readonly TestMark[]): string => marks.map(({ symbol }) => ` ${symbol}`).join('');

function listMarks(
  row: ComparedRow,
  comparisons: ColumnStatistics,
  statistics: RunStatistics,
  rows: readonly ComparedRow[],
): TestMark[] {
  const findTitle = (id: string): string => rows.find((other) => other.id === id)?.title ?? id;
  const text = ({ first, second, difference, ci95, adjusted }: Comparison): string =>
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
  // Of several controls the nearest in full: each of thousands of figures may have them all.
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
  const other = rows.some(({ best }) => best) ? `; by ${metric} another is best` : '';
  return [`the tests compare with ${name}, which has the highest mean score per test example${other}`];
}

/** Methods that no test compared where others were: without a word, they would pass for surely different. */
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

/** Judges the figures of one column by its paired tests. Columns about rare classes have none. */
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
