import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { errorMessage, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import { parse } from 'csv-parse/sync';
import { type JsonRow, requireColumns } from './tables.js';

/** A longer record is no record: a quote is not closed, or it is no table at all. */
const MAX_RECORD = 16 * 2 ** 20;
const PIECE = 1 << 20;

/** How a table's rows are written: RFC 4180 with commas or tabs, a JSON object a line, or fields of a line as they are. */
export type TableForm = 'csv' | 'tsv' | 'jsonl' | 'plain';

const FORMS: Readonly<Record<string, TableForm>> = { '.csv': 'csv', '.tsv': 'tsv', '.jsonl': 'jsonl', '.txt': 'plain' };

/** The form of a table by its name. `.txt` are lines whose fields tabs part, with no rule for quotes. */
export function tableForm(table: string): TableForm {
  const form = FORMS[extname(table).toLowerCase()];
  if (form) return form;
  throw new MedbenchError('data', `${table} is no table that is read here`, {
    hint: `Give a file that ends in ${Object.keys(FORMS).join(', ')}.`,
  });
}

/** Bytes of a row in its file. */
export interface Place {
  readonly start: number;
  readonly length: number;
}

/** Reads a row back from its bytes. @throws MedbenchError('data') naming `place`, never the text. */
export type RowParser = (bytes: Uint8Array, place: string) => JsonRow;

export interface ScannedTable {
  readonly parse: RowParser;
  /** Rows in the file's order, some at a time, each with its place in the file and its number from 1. */
  readonly rows: AsyncIterable<readonly { readonly row: JsonRow; readonly place: Place; readonly number: number }[]>;
}

/**
 * Walks once over a table of any length, so that its rows can be read again singly by their places.
 * @param columns Columns that must be there.
 * @param header Column names of a table whose first line is no header.
 * @param onBad Takes the error of a row that cannot be read, or throws it.
 * @throws MedbenchError('data') naming file and row; for a missing column, the columns that are there.
 */
export async function scanTable(
  table: string,
  columns: readonly string[],
  header: readonly string[] | undefined,
  onBad: (error: MedbenchError) => void,
): Promise<ScannedTable> {
  const form = tableForm(table);
  const records = recordsOf(table, form);
  let names = header;
  // What came with the header.
  let rest: readonly Found[] = [];
  if (!names && form !== 'jsonl') {
    const first = await records.next();
    const [line, ...others] = first.value ?? [];
    names = line ? fieldsOf(line.bytes, form, `${table}:1`) : [];
    rest = others;
  }
  if (names) requireColumns(table, names, columns);
  const parseRow = parser(form, names, columns, table);
  async function* rows(): ReturnType<() => AsyncGenerator<{ row: JsonRow; place: Place; number: number }[]>> {
    let number = 0;
    const parsed = (found: readonly Found[]) =>
      found.flatMap(({ bytes, start }) => {
        number++;
        try {
          const row = parseRow(bytes, `${table}: row ${number}`);
          return [{ row, place: { start, length: bytes.length }, number }];
        } catch (error) {
          if (!(error instanceof MedbenchError)) throw error;
          onBad(error);
          return [];
        }
      });
    yield parsed(rest);
    for await (const found of records) yield parsed(found);
  }
  return { parse: parseRow, rows: rows() };
}

interface Found {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/** Records of a file, without their line ends and without empty ones. A line break within quotes ends no record of RFC 4180. */
async function* recordsOf(table: string, form: TableForm): AsyncGenerator<Found[], undefined> {
  const quotes = form === 'csv' || form === 'tsv';
  let rest: Uint8Array = new Uint8Array(0);
  let restStart = 0;
  let first = true;
  const found: Found[] = [];
  const add = (from: number, to: number, bytes: Uint8Array, start: number): void => {
    const end = to > from && bytes[to - 1] === 13 ? to - 1 : to;
    const begin =
      first && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf ? from + 3 : from;
    first = false;
    if (bytes.subarray(begin, end).some((byte) => byte !== 32 && byte !== 9)) {
      found.push({ bytes: bytes.subarray(begin, end), start: start + begin });
    }
  };
  // Where the search for the record's end goes on in the rest, and whether that is within quotes.
  let searched = 0;
  let quoted = false;
  try {
    for await (const piece of createReadStream(table, { highWaterMark: PIECE })) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece as Buffer]) : (piece as Buffer);
      let from = 0;
      // The next quote that was not looked at; kept, so that a file without quotes is not searched once for each line.
      let quote = -1;
      for (let at = searched; at < bytes.length; ) {
        const end = bytes.indexOf(10, at);
        const stop = end < 0 ? bytes.length : end;
        if (quotes && quote < at) quote = nextQuote(bytes, at);
        for (; quotes && quote < stop; quote = nextQuote(bytes, quote + 1)) quoted = !quoted;
        at = stop + (end < 0 ? 0 : 1);
        if (end < 0) break;
        if (quoted) continue;
        add(from, end, bytes, restStart);
        from = at;
      }
      rest = bytes.subarray(from);
      restStart += from;
      searched = rest.length;
      if (rest.length > MAX_RECORD) {
        throw new MedbenchError('data', `${table}: the row at byte ${restStart} takes more than ${MAX_RECORD} bytes`, {
          hint: quoted ? 'A quote is probably not closed there.' : 'Check that it is the table that you mean.',
        });
      }
      if (found.length > 0) yield found.splice(0);
    }
  } catch (cause) {
    throw cause instanceof MedbenchError ? cause : unreadable(table, cause);
  }
  if (quoted) {
    throw new MedbenchError('data', `${table} ends within quotes that begin in the row at byte ${restStart}`, {
      hint: 'The file was probably cut short; fetch it again.',
    });
  }
  if (rest.length > 0) add(0, rest.length, rest, restStart);
  if (found.length > 0) yield found;
  return undefined;
}

const nextQuote = (bytes: Buffer, from: number): number => {
  const at = bytes.indexOf(34, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
};

const DAMAGED = 'Fetch the file again, mend the row, or leave bad rows out with --skip-bad.';

function parser(
  form: TableForm,
  names: readonly string[] | undefined,
  columns: readonly string[],
  table: string,
): RowParser {
  if (form === 'jsonl') {
    return (bytes, place) => {
      let row: unknown;
      try {
        row = JSON.parse(textOf(bytes, place));
      } catch (cause) {
        if (cause instanceof MedbenchError) throw cause;
        // What the parser says may quote the text.
        throw new MedbenchError('data', `${place} is not JSON`, { hint: DAMAGED });
      }
      if (typeof row !== 'object' || row === null || Array.isArray(row)) {
        throw new MedbenchError('data', `${place} is not a JSON object`, { hint: DAMAGED });
      }
      requireColumns(place, Object.keys(row), columns);
      return row as JsonRow;
    };
  }
  const known = names ?? [];
  return (bytes, place) => {
    const fields = fieldsOf(bytes, form, place, known.length);
    if (fields.length !== known.length) {
      throw new MedbenchError(
        'data',
        `${place} has ${fields.length} fields, where ${table} has ${known.length} columns`,
        {
          hint: DAMAGED,
        },
      );
    }
    return Object.fromEntries(known.map((name, i) => [name, fields[i]]));
  };
}

function fieldsOf(bytes: Uint8Array, form: TableForm, place: string, most = Number.POSITIVE_INFINITY): string[] {
  const text = textOf(bytes, place);
  if (form === 'plain') {
    // Tabs beyond the last column belong to its text.
    const fields = text.split('\t');
    return fields.length <= most ? fields : [...fields.slice(0, most - 1), fields.slice(most - 1).join('\t')];
  }
  let rows: string[][];
  try {
    rows = parse(text, { delimiter: form === 'csv' ? ',' : '\t', record_delimiter: '\n' });
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? errorMessage(cause).split(':', 1)[0];
    throw new MedbenchError('data', `${place} is no row of a table (${code})`, { hint: DAMAGED });
  }
  return rows[0] ?? [];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, place: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MedbenchError('data', `${place} is not UTF-8`, { hint: 'Convert the file to UTF-8.' });
  }
}
