import {
  type ConfidenceInterval,
  escapeControls,
  type ResultCell,
  type RunResults,
  type RunStatistics,
} from '@medbench/core';
import { findComparisons } from './significance.js';

const HEADER = [
  'method',
  'control',
  'task',
  'protocol',
  'seed',
  'metric',
  'primary',
  'value',
  'ci_low',
  'ci_high',
  'n',
  'status',
  'error',
  'synthetic',
  'seconds',
] as const;

/** Last columns, so that the positions of the others stay the same; left out if nothing was compared. */
const COMPARISON_HEADER = ['adjusted_p_vs_best', 'best'] as const;

type Field = string | number | boolean | null | undefined;

/** One field, quoted as in RFC 4180. Control characters, which a terminal obeys, are escaped. Text that a spreadsheet would run as a formula gets a leading apostrophe. */
function field(value: Field): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const clean = escapeControls(value);
  const text = /^[=+\-@\t\r]/.test(clean) ? `'${clean}` : clean;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

interface Line {
  readonly metric: string;
  readonly value: number | null;
  readonly ci95: ConfidenceInterval | null;
}

/**
 * The lines of a cell: the primary metric, then the others in the file's order. A failed cell has one, without a value.
 */
function listLines({ metric, value, ci95, metrics }: ResultCell): Line[] {
  const others = Object.entries(metrics).filter(([name]) => name !== metric);
  return [{ metric, value, ci95 }, ...others.map(([name, other]) => ({ metric: name, ...other }))];
}

/**
 * For a primary metric: p against the column's best method, and whether this method is the best. Empty for other
 * metrics and for methods that were not compared.
 */
function comparisonFields(cell: ResultCell, metric: string, statistics: RunStatistics): [Field, Field] {
  const column = metric === cell.metric ? findComparisons(statistics, cell) : undefined;
  if (!column || cell.status === 'failed') return [null, null];
  const adjusted = column.againstBest.find(({ second }) => second === cell.method)?.adjusted;
  if (adjusted !== undefined) return [adjusted, false];
  return [null, column.best === cell.method ? true : null];
}

/**
 * The run in long form: one record per cell and metric, with all digits, as in RFC 4180 (comma, CRLF, quotes doubled).
 * Columns: method, control, task, protocol, seed, metric, primary, value, ci_low, ci_high, n, status, error, synthetic,
 * seconds (of the whole cell). If the run has paired tests, adjusted_p_vs_best and best follow. They are filled for
 * primary metrics, and are the same for all seeds of a method. Text that starts with `=`, `+`, `-` or `@` gets a
 * leading apostrophe, since spreadsheets would run it as a formula.
 */
export function renderCsv(results: RunResults): string {
  const { statistics } = results;
  const records = results.cells.flatMap((cell) =>
    listLines(cell).map(({ metric, value, ci95 }): readonly Field[] => [
      cell.method,
      cell.control,
      cell.task,
      cell.protocol,
      cell.seed,
      metric,
      metric === cell.metric,
      value,
      ci95?.[0],
      ci95?.[1],
      cell.n,
      cell.status,
      cell.error,
      cell.synthetic,
      cell.seconds,
      ...(statistics ? comparisonFields(cell, metric, statistics) : []),
    ]),
  );
  return [[...HEADER, ...(statistics ? COMPARISON_HEADER : [])], ...records]
    .map((record) => `${record.map(field).join(',')}\r\n`)
    .join('');
}
