import type { ResultCell, RunResults } from '@medbench/core';

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

type Field = string | number | boolean | null | undefined;

/** One field: quoted as in RFC 4180; text that a spreadsheet would run as a formula gets an apostrophe in front. */
function field(value: Field): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

interface Line {
  readonly metric: string;
  readonly value: number | null;
  readonly ci95: readonly [number, number] | null;
}

/** The primary metric first, then the others in the file's order; a failed cell keeps one line without a value. */
function linesOf({ metric, value, ci95, metrics }: ResultCell): Line[] {
  const others = Object.entries(metrics).filter(([name]) => name !== metric);
  return [{ metric, value, ci95 }, ...others.map(([name, other]) => ({ metric: name, ...other }))];
}

/**
 * The run in long form: one record per cell and metric, all digits, RFC 4180 (comma, CRLF, quotes doubled).
 * Columns: method, control, task, protocol, seed, metric, primary, value, ci_low, ci_high, n, status, error, synthetic,
 * seconds (of the whole cell). Text that starts with `=`, `+`, `-` or `@` gets an apostrophe in front, since spreadsheets
 * would run it.
 */
export function renderCsv(results: RunResults): string {
  const records = results.cells.flatMap((cell) =>
    linesOf(cell).map(({ metric, value, ci95 }): readonly Field[] => [
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
    ]),
  );
  return [HEADER, ...records].map((record) => `${record.map(field).join(',')}\r\n`).join('');
}
