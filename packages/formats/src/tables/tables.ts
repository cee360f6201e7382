import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { errorMessage, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import { CsvError, parse } from 'csv-parse';
import { cannotUnpack } from '../files/damaged.js';

/** One row of a JSON table. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** A longer row is no row: a quote is not closed, or it is no table at all. */
const MAX_RECORD = 16 * 2 ** 20;

const DAMAGED = 'Fetch the file again, or mend the line.';

/** @throws MedbenchError('data') naming file and line. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = Number(/position (\d+)/.exec(errorMessage(cause))?.[1] ?? Number.NaN);
    const place = Number.isNaN(position) ? '' : `:${text.slice(0, position).split('\n').length}`;
    // What the parser says may quote the text.
    throw new MedbenchError('data', `${path}${place} is not JSON`, { hint: DAMAGED });
  }
}

/** One JSON object a line; empty lines are skipped. @throws MedbenchError('data') naming file and line. */
export async function readJsonl(path: string): Promise<JsonRow[]> {
  const rows: JsonRow[] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw new MedbenchError('data', `${path}:${number} is not JSON`, { hint: DAMAGED });
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new MedbenchError('data', `${path}:${number} is not a JSON object`, { hint: DAMAGED });
    }
    rows.push(row as JsonRow);
  }
  return rows;
}

export interface ReadCsvOptions {
  /** Columns that must be there. */
  readonly columns?: readonly string[];
  /** Default a comma. */
  readonly delimiter?: string;
}

/**
 * Reads a table with a header line (RFC 4180; quoted fields may hold line breaks), each row by column name; a name that
 * ends in `.gz` is unpacked on the way.
 * @throws MedbenchError('data') naming file and line; for a missing column, the columns that are there.
 */
export async function readCsv(path: string, options?: ReadCsvOptions): Promise<Readonly<Record<string, string>>[]> {
  const rows: Readonly<Record<string, string>>[] = [];
  for await (const row of csvRows(path, options)) rows.push(row);
  return rows;
}

/** The rows of `readCsv` one by one, for tables that are too large to hold. @throws as `readCsv`. */
export async function* csvRows(
  path: string,
  { columns = [], delimiter = ',' }: ReadCsvOptions = {},
): AsyncGenerator<Readonly<Record<string, string>>> {
  let headed = false;
  const parser = parse({
    bom: true,
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    columns: (header: string[]) => {
      headed = true;
      requireColumns(path, header, columns);
      return header;
    },
  });
  const stream = createReadStream(path);
  stream.on('error', (cause) => parser.destroy(unreadable(path, cause)));
  if (path.toLowerCase().endsWith('.gz')) {
    const unpacked = createGunzip();
    unpacked.on('error', (cause) => parser.destroy(cannotUnpack(path, cause)));
    stream.pipe(unpacked).pipe(parser);
  } else stream.pipe(parser);
  try {
    for await (const row of parser) yield row as Record<string, string>;
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    const line = cause instanceof CsvError && typeof cause.lines === 'number' ? `:${cause.lines}` : '';
    const why = cause instanceof CsvError ? cause.code : errorMessage(cause);
    // What the parser says besides may quote the text.
    throw new MedbenchError('data', `${path}${line} is not a table (${why})`, { hint: DAMAGED });
  } finally {
    stream.destroy();
  }
  if (!headed) requireColumns(path, [], columns);
}

/** @throws MedbenchError('data') naming the columns that are missing and those that are there. */
export function requireColumns(path: string, present: readonly string[], required: readonly string[]): void {
  const missing = required.filter((column) => !present.includes(column));
  if (missing.length === 0) return;
  throw new MedbenchError('data', `${path} has no column ${missing.map((column) => `"${column}"`).join(' or ')}`, {
    hint: `It has ${present.map((column) => `"${column}"`).join(', ') || 'no columns'}.`,
  });
}

/** Lines end with a line feed only: captions may hold the other breaks of Unicode. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
      const lines = (rest + (piece as string)).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (rest !== '') yield rest;
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
