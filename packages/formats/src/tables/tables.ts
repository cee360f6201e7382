import { createGunzip } from 'node:zlib';
import { errorMessage, firstRepeated, MedbenchError } from '@medbench/core';
import { openFile, readBytes, streamFile, unreadable } from '@medbench/data/files';
import { CsvError, type Options, parse } from 'csv-parse';
import { parse as parseRow } from 'csv-parse/sync';
import { boundedRatio, cannotUnpack } from '../files/damaged.js';

/** One row of a JSON table. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** Maximum bytes of a row. In a longer one, a quote is not closed, or the file is not a table at all. */
const MAX_RECORD = 16 * 2 ** 20;

/** Maximum number of rows of a table that is held in memory, several times that of the largest one known. */
const MAX_ROWS = 2_000_000;

/** The error for a table with more rows than any that is expected. */
export const tooManyRows = (path: string, most: number): MedbenchError =>
  new MedbenchError('data', `${path} has more than ${most} rows`, { hint: 'It is not the expected table.' });

const DAMAGED_HINT = 'Fetch the file again, or mend the line.';

/** Reads a JSON file. @throws MedbenchError('data') naming file and line. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const word = /(?:^|[:[,\s])(-?(?:NaN|Infinity))(?=[\],}\s]|$)/.exec(stripStrings(text));
    const position = word
      ? word.index + word[0].length - word[1]!.length
      : Number(/position (\d+)/.exec(errorMessage(cause))?.[1] ?? Number.NaN);
    const lines = text.slice(0, position).split('\n');
    const place = Number.isNaN(position) ? '' : `:${lines.length}:${lines.at(-1)!.length + 1}`;
    // The parser's message may quote the text.
    throw new MedbenchError('data', `${path}${place} is not JSON${word ? `: it has the word ${word[1]}` : ''}`, {
      hint: word ? 'Python writes it for a missing number. Write null in its place, or a number.' : DAMAGED_HINT,
    });
  }
}

/** The text with the characters of its strings replaced by blanks, so that only its other words are found. */
const stripStrings = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"/gs, (string) => ' '.repeat(string.length));

/** Reads one JSON object per line; empty lines are skipped. @throws MedbenchError('data') naming file and line. */
export async function readJsonl(path: string): Promise<JsonRow[]> {
  const rows: JsonRow[] = [];
  let number = 0;
  for await (const line of readLines(path)) {
    number++;
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw new MedbenchError('data', `${path}:${number} is not JSON`, { hint: DAMAGED_HINT });
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new MedbenchError('data', `${path}:${number} is not a JSON object`, { hint: DAMAGED_HINT });
    }
    rows.push(row as JsonRow);
  }
  return rows;
}

export interface ReadCsvOptions {
  /** Columns that must exist. */
  readonly columns?: readonly string[];
  /**
   * Default: whichever of comma, tab and semicolon divides the header line into the needed columns. A comma in a packed
   * file, and if none does.
   */
  readonly delimiter?: string;
}

/**
 * Reads a table with a header line (RFC 4180; quoted fields may contain line breaks), each row by column name. A file
 * whose name ends in `.gz` is unpacked while it is read.
 * @throws MedbenchError('data') naming file and line; for a missing column, the existing columns; for more than two
 * million rows, and for a `.gz` file that unpacks to more than 200 times its size.
 */
export async function readCsv(path: string, options?: ReadCsvOptions): Promise<Readonly<Record<string, string>>[]> {
  const rows: Readonly<Record<string, string>>[] = [];
  for await (const row of csvRows(path, options)) {
    if (rows.length === MAX_ROWS) throw tooManyRows(path, MAX_ROWS);
    rows.push(row);
  }
  return rows;
}

/** Whether an error of the parser says that a quote stands within a field that does not begin with one. */
const isQuoteWithinField = (error: unknown): boolean => (error as { code?: unknown }).code === 'INVALID_OPENING_QUOTE';

/** Reads the rows of `readCsv` one by one, for tables that are too large to hold. @throws as `readCsv`. */
export async function* csvRows(
  path: string,
  { columns = [], ...options }: ReadCsvOptions = {},
): AsyncGenerator<Readonly<Record<string, string>>> {
  const packed = path.toLowerCase().endsWith('.gz');
  const delimiter = options.delimiter ?? (packed ? ',' : await findDelimiter(path, columns));
  let headerSeen = false;
  const format = { delimiter, record_delimiter: ['\r\n', '\n', '\r'], skip_empty_lines: true };
  async function* rows(relaxed: boolean): AsyncGenerator<Readonly<Record<string, string>>> {
    const parser = parse({
      ...format,
      bom: true,
      max_record_size: MAX_RECORD,
      relax_quotes: relaxed,
      raw: relaxed,
      columns: (header: string[]) => {
        headerSeen = true;
        requireColumns(path, header, columns);
        return header;
      },
    });
    const stream = await streamFile(path);
    stream.on('error', (cause) => parser.destroy(unreadable(path, cause)));
    if (packed) {
      const unpacked = createGunzip();
      unpacked.on('error', (cause) => parser.destroy(cannotUnpack(path, cause)));
      const bounded = boundedRatio(path, stream);
      bounded.on('error', (cause) => parser.destroy(cause));
      stream.pipe(unpacked).pipe(bounded).pipe(parser);
    } else stream.pipe(parser);
    try {
      for await (const parsed of parser) {
        if (!relaxed) yield parsed as Record<string, string>;
        else {
          const { record, raw } = parsed as { record: Record<string, string>; raw: string };
          requireOpeningQuotes(raw, format);
          yield record;
        }
      }
    } finally {
      stream.destroy();
    }
  }
  let count = 0;
  try {
    try {
      for await (const row of rows(false)) {
        count++;
        yield row;
      }
    } catch (error) {
      if (!isQuoteWithinField(error)) throw error;
      // Such a quote is a character of the text, such as an inch sign. All rows are read again by that rule, because the
      // parser has one rule for a whole file.
      for await (const row of rows(true)) if (--count < 0) yield row;
    }
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    const line = cause instanceof CsvError && typeof cause.lines === 'number' ? `:${cause.lines}` : '';
    const why = cause instanceof CsvError ? cause.code : errorMessage(cause);
    // The rest of the parser's message may quote the text.
    throw new MedbenchError('data', `${path}${line} is not a table (${why})`, { hint: DAMAGED_HINT });
  }
  if (!headerSeen) requireColumns(path, [], columns);
}

/**
 * Checks a row that was read without a strict rule for quotes, which also accepts text after a quoted field.
 * @throws CsvError for any fault but a quote within an unquoted field.
 */
function requireOpeningQuotes(raw: string, format: Options): void {
  if (!raw.includes('"')) return;
  try {
    parseRow(raw, format);
  } catch (error) {
    if (!isQuoteWithinField(error)) throw error;
  }
}

/** Maximum bytes of a header line whose delimiter is looked for. */
const MAX_HEADER = 2 ** 16;

/** The delimiter with which the header line has the columns. Dataverse hands tables out with tabs, Excel with semicolons. */
async function findDelimiter(path: string, columns: readonly string[]): Promise<string> {
  let start: string;
  const handle = await openFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_HEADER), 0, MAX_HEADER, 0);
    start = buffer.toString('utf8', 0, bytesRead);
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await handle.close();
  }
  const line = start.replace(/^\uFEFF/, '').split(/[\r\n]/, 1)[0]!;
  const names = (delimiter: string) => line.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const fits = (delimiter: string) => columns.every((column) => names(delimiter).includes(column));
  return columns.length === 0 ? ',' : ([',', '\t', ';'].find(fits) ?? ',');
}

/**
 * Checks that all columns exist and that no two have one name; any number may have none.
 * @throws MedbenchError('data') naming the columns that are missing or repeated.
 */
export function requireColumns(path: string, present: readonly string[], required: readonly string[]): void {
  const repeated = firstRepeated(present.filter((column) => column !== ''));
  if (repeated !== undefined) {
    throw new MedbenchError('data', `${path} has two columns "${repeated}"`, {
      hint: 'Rename one of them, or remove it: it is not clear which is meant.',
    });
  }
  const missing = required.filter((column) => !present.includes(column));
  if (missing.length === 0) return;
  throw new MedbenchError('data', `${path} has no column ${missing.map((column) => `"${column}"`).join(' or ')}`, {
    hint: `It has ${present.map((column) => `"${column}"`).join(', ') || 'no columns'}.`,
  });
}

/** Reads lines, which end with a line feed only: captions may contain the other line breaks of Unicode. */
async function* readLines(path: string): AsyncGenerator<string> {
  const stream = await streamFile(path, 1 << 20);
  stream.setEncoding('utf8');
  let remainder = '';
  let number = 1;
  try {
    for await (const piece of stream) {
      const lines = (remainder + (piece as string)).split('\n');
      remainder = lines.pop()!;
      yield* lines;
      number += lines.length;
      // Without a bound, a file of one line would be searched again and again.
      if (remainder.length > MAX_RECORD) {
        throw new MedbenchError('data', `${path}:${number} takes more than ${MAX_RECORD} bytes`, {
          hint: 'Check that the file has one JSON object per line.',
        });
      }
    }
  } catch (cause) {
    throw cause instanceof MedbenchError ? cause : unreadable(path, cause);
  } finally {
    stream.destroy();
  }
  if (remainder !== '') yield remainder;
}

async function readText(path: string): Promise<string> {
  return Buffer.from(await readBytes(path))
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}
