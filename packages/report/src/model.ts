import type { ResultCell, RunResults, RunStatistics } from '@medbench/core';
import { cellsAt, type Measurement, summarise } from './cells.js';
import { type ColumnInfo, cellIn, listColumns, type PlannedColumn } from './columns.js';
import { formatValue, type PrintedFigure } from './format.js';
import { leakWarnings } from './leaks.js';
import { type ColumnVerdict, judgeColumn, type TestMark } from './significance.js';

export interface TableColumn extends ColumnInfo {
  /** Numbers of the footnotes about the whole column, from 1. */
  readonly notes: readonly number[];
}

/** The figure of one row in one column: one measurement, or the mean of several seeds. */
export interface TableFigure extends PrintedFigure {
  readonly measurements: readonly Measurement[];
  readonly synthetic: boolean;
  /** Numbers of the footnotes, from 1. */
  readonly notes: readonly number[];
  /**
   * Whether the printed value is the best of the methods (the lowest if lower is better). Never true for controls, for
   * figures with a missing seed, or if there is only one method.
   */
  readonly best: boolean;
  /** Marks from significance tests. */
  readonly marks: readonly TestMark[];
}

interface RowInfo {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly extension: boolean;
  readonly control: boolean;
}

export interface TableRow extends RowInfo {
  /** One per column. */
  readonly figures: readonly TableFigure[];
  /** Average rank over columns, 1 is best; null for controls and if not known. */
  readonly rank: number | null;
}

/** The table of a run: methods in the run's order, then controls; columns by modality, protocol and task. */
export interface ResultTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** Footnotes: first those about columns, then reasons why cells failed or have fewer seeds. */
  readonly notes: readonly string[];
  /** Number of footnotes about columns. */
  readonly columnNotes: number;
  /** Whether figures are means over several seeds. */
  readonly severalSeeds: boolean;
  /** Paired tests and ranks of the run; undefined in results of older versions. */
  readonly statistics: RunStatistics | undefined;
}

/** A figure whose footnotes have no numbers yet. */
type DraftFigure = Omit<TableFigure, 'notes' | 'marks'> & { readonly reasons: readonly string[] };

type DraftRow = RowInfo & { readonly figures: readonly DraftFigure[] };

function listRows({ methods, cells }: RunResults): RowInfo[] {
  const rows = new Map<string, RowInfo>(methods.map((method) => [method.id, method]));
  for (const { method: id, control } of cells) {
    if (!rows.has(id)) rows.set(id, { id, title: id, question: '', extension: false, control });
  }
  return [...rows.values()].sort((a, b) => Number(a.control) - Number(b.control));
}

/** Numbers footnotes in order of appearance; equal texts share a number. */
class Footnotes {
  readonly texts: string[] = [];
  numbers(texts: readonly string[]): number[] {
    return texts.map((text) => {
      const index = this.texts.indexOf(text);
      return index >= 0 ? index + 1 : this.texts.push(text);
    });
  }
}

/** The figures that a run is to have when it has ended. */
export interface PlannedFigures {
  readonly columns: readonly PlannedColumn[];
  /** Each row, and the protocols that may measure it. */
  readonly rows: readonly { readonly id: string; readonly protocols: readonly string[] }[];
}

/** @param pending whether the figures are to come. */
function draftFigure(
  cells: readonly ResultCell[],
  seeds: readonly number[],
  column: ColumnInfo,
  pending: boolean,
): DraftFigure {
  const status = pending && !column.rare ? ('pending' as const) : ('none' as const);
  const empty = { ...summarise([]), status, synthetic: false, best: false, reasons: [] };
  const columnCells = cells.map((cell) => cellIn(cell, column));
  // Cells without recall of rare classes have not failed.
  if (
    column.rare ? columnCells.every(({ status, value }) => status === 'ok' && value === null) : columnCells.length === 0
  )
    return empty;
  const measurements: Measurement[] = [];
  const failures = new Map<string, number[]>();
  for (const { seed, status, value, ci95, error } of columnCells) {
    if (status === 'ok' && value !== null) measurements.push({ seed, value, ci95 });
    else {
      const reason = status === 'failed' ? (error ?? 'failed, no reason given') : 'no value was reported';
      failures.set(reason, [...(failures.get(reason) ?? []), seed]);
    }
  }
  const reasons = [...failures].map(([reason, failed]) =>
    failed.length < seeds.length ? `${failed.length > 1 ? 'seeds' : 'seed'} ${failed.join(', ')}: ${reason}` : reason,
  );
  const measured = new Set(columnCells.map(({ seed }) => seed));
  const missing = seeds.filter((seed) => !measured.has(seed));
  if (missing.length > 0) reasons.push(`not measured with seed ${missing.join(', ')}${pending ? ' yet' : ''}`);
  return {
    ...empty,
    ...summarise(measurements),
    status: measurements.length > 0 ? 'ok' : 'failed',
    synthetic: columnCells.some((cell) => cell.synthetic),
    reasons,
  };
}

function markBest(rows: readonly DraftRow[], columns: readonly ColumnInfo[]): DraftRow[] {
  const eligible = (row: DraftRow, i: number): number | null => {
    const figure = row.figures[i]!;
    return row.control || figure.reasons.length > 0 ? null : figure.value;
  };
  const best = columns.map(({ metric, words }, i) => {
    const values = rows.map((row) => eligible(row, i)).filter((value) => value !== null);
    if (values.length === 0 || rows.filter(({ control }) => !control).length < 2) return undefined;
    return formatValue(words.metric(metric).lowerIsBetter ? Math.min(...values) : Math.max(...values));
  });
  return rows.map((row) => ({
    ...row,
    figures: row.figures.map((figure, i) => {
      const value = eligible(row, i);
      return { ...figure, best: value !== null && formatValue(value) === best[i] };
    }),
  }));
}

/**
 * Arranges a run's cells as a table. Rows and tasks that appear only in cells are added at the end.
 * @param planned what a run that has not ended is to fill: its columns have a place before they have a figure.
 */
export function resultTable(results: RunResults, planned?: PlannedFigures): ResultTable {
  const { statistics, cells } = results;
  const columnInfo = listColumns(results, planned?.columns);
  const protocols = new Map(planned?.rows.map((row) => [row.id, row.protocols]));
  const rows = markBest(
    listRows(results).map((row) => ({
      ...row,
      figures: columnInfo.map((column) => {
        const pending = protocols.get(row.id)?.includes(column.protocol) ?? false;
        return draftFigure(cellsAt(results, row.id, column), results.run.seeds, column, pending);
      }),
    })),
    columnInfo,
  );
  const verdicts = columnInfo.map((column, i): ColumnVerdict | undefined => {
    const compared = rows.map(({ figures, ...row }) => ({ ...row, ...figures[i]! }));
    return statistics && judgeColumn(statistics, column, compared);
  });
  const footnotes = new Footnotes();
  const columns = columnInfo.map((column, i): TableColumn => {
    const columnCells = cells.filter(({ task, protocol }) => task === column.task && protocol === column.protocol);
    return { ...column, notes: footnotes.numbers([...leakWarnings(columnCells), ...(verdicts[i]?.notes ?? [])]) };
  });
  const columnNotes = footnotes.texts.length;
  return {
    columns,
    rows: rows.map(
      (row): TableRow => ({
        ...row,
        figures: row.figures.map(({ reasons, ...figure }, i) => ({
          ...figure,
          notes: footnotes.numbers([...reasons, ...(verdicts[i]?.doubts.get(row.id) ?? [])]),
          marks: verdicts[i]?.marks.get(row.id) ?? [],
        })),
        rank: row.control ? null : (statistics?.ranks?.methods.find(({ id }) => id === row.id)?.rank ?? null),
      }),
    ),
    notes: footnotes.texts,
    columnNotes,
    severalSeeds: rows.some(({ figures }) => figures.some(({ sd }) => sd !== null)),
    statistics,
  };
}

/** Splits a list into runs of consecutive items with the same `key`. */
export function splitRuns<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const runs: T[][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last && key(last[0]!) === key(item)) last.push(item);
    else runs.push([item]);
  }
  return runs;
}
