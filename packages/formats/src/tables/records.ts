import { extname } from 'node:path';
import { errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
import { streamFile, unreadable } from '@medbench/data/files';
import { parse } from 'csv-parse/sync';
import { type JsonRow, requireColumns } from './tables.js';

/** Maximum bytes of a record. In a longer one, a quote is not closed, or the file is not a table at all. */
const MAX_RECORD = 16 * 2 ** 20;
const PIECE = 1 << 20;

/**
 * How a table's rows are written: RFC 4180 with commas or tabs, one JSON object per line, or plain fields of a line.
 */
export type TableForm = 'csv' | 'tsv' | 'jsonl' | 'plain';

const FORMS: Readonly<Record<string, TableForm>> = { '.csv': 'csv', '.tsv': 'tsv', '.jsonl': 'jsonl', '.txt': 'plain' };

/** The form of a table, by its file name. A `.txt` file has lines of tab-separated fields, with no rule for quotes. */
export function tableForm(table: string): TableForm {
  const form = FORMS[extname(table).toLowerCase()];
  if (form) return form;
  throw new MedbenchError('data', `${table} is not a supported table`, {
    hint: `Give a file that ends in ${Object.keys(FORMS).join(', ')}.`,
  });
}

/** The byte range of a row in its file. */
export interface RecordRange {
  readonly start: number;
  readonly length: number;
}

/** Parses a row again from its bytes. @throws MedbenchError('data') naming `place`, never the text. */
export type RowParser = (bytes: Uint8Array, place: string) => JsonRow;

export interface ScannedTable {
  readonly parse: RowParser;
  /** Rows in the file's order, in batches, each with its byte range in the file and its number from 1. */
  readonly rows: AsyncIterable<
    readonly { readonly row: JsonRow; readonly place: RecordRange; readonly number: number }[]
  >;
}

/**
 * Scans a table of any length once, so that single rows can be read again by their byte ranges.
 * @param columns Columns that must exist.
 * @param header Column names, if the table's first line is not a header.
 * @param onBad Handles the error of a row that cannot be read, or throws it.
 * @throws MedbenchError('data') naming file and row; for a missing column, the existing columns.
 */
export async function scanTable(
  table: string,
  columns: readonly string[],
  header: readonly string[] | undefined,
  onBad: (error: MedbenchError) => void,
): Promise<ScannedTable> {
  const form = tableForm(table);
  const records = readRecords(table, form);
  let names = header;
  // Records that were read together with the header.
  let afterHeader: readonly RawRecord[] = [];
  try {
    if (!names && form !== 'jsonl') {
      const first = await records.next();
      const [line, ...following] = first.value ?? [];
      names = line ? parseFields(line.bytes, form, `${table}:1`) : [];
      afterHeader = following;
    }
    if (names) requireColumns(table, names, columns);
  } catch (error) {
    // Closes the file, of which nobody reads the rest.
    await records.return(undefined);
    throw error;
  }
  const parseRow = parser(form, names, columns, table);
  async function* rows(): AsyncGenerator<ParsedRow[]> {
    let number = 0;
    const parsed = (batch: readonly RawRecord[]): ParsedRow[] =>
      batch.flatMap((record) => {
        number++;
        const { bytes, start } = record;
        try {
          if (record.unclosed) throw unclosedQuote(`${table}: row ${number}`);
          const row = parseRow(bytes, `${table}: row ${number}`);
          return [{ row, place: { start, length: bytes.length }, number }];
        } catch (error) {
          if (!isMedbenchError(error)) throw error;
          onBad(error);
          // Only the line with the quote is bad: the lines that it has swallowed are read as rows of their own.
          return error instanceof QuoteError ? parsed(linesAfterFirst(record, form)) : [];
        }
      });
    try {
      yield parsed(afterHeader);
      for await (const batch of records) yield parsed(batch);
    } finally {
      await records.return(undefined);
    }
  }
  return { parse: parseRow, rows: rows() };
}

interface ParsedRow {
  readonly row: JsonRow;
  readonly place: RecordRange;
  readonly number: number;
}

interface RawRecord {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Whether the file ends within quotes that begin in this record. */
  readonly unclosed?: boolean;
}

/** A row whose quotes are wrong. Lines after its first may be rows that a quote has swallowed. */
class QuoteError extends MedbenchError {}

const unclosedQuote = (place: string): QuoteError =>
  new QuoteError('data', `${place} has a quote that is not closed`, {
    hint: 'Close it, or leave bad rows out with --skip-bad. If it is the last row, the file was probably cut short.',
  });

/** Splits the lines of a record after the first into records, by the same rule for quotes. */
function linesAfterFirst({ bytes, start }: RawRecord, form: TableForm): RawRecord[] {
  const from = bytes.indexOf(10) + 1;
  if (from === 0) return [];
  const lines = bytes.subarray(from);
  const records = recordSplitter(form);
  return [...records.add(lines, start + from), ...records.end()];
}

/** Reads the records of a file. @throws MedbenchError('data') if a record is too long, or the file cannot be read. */
async function* readRecords(table: string, form: TableForm): AsyncGenerator<RawRecord[], undefined> {
  const splitter = recordSplitter(form);
  let offset = 0;
  const stream = await streamFile(table, PIECE);
  try {
    for await (const piece of stream) {
      const records = splitter.add(piece as Buffer, offset);
      offset += (piece as Buffer).length;
      if (splitter.pendingBytes() > MAX_RECORD) {
        const { start, quoted } = splitter.pending();
        throw new MedbenchError('data', `${table}: the row at byte ${start} takes more than ${MAX_RECORD} bytes`, {
          hint: quoted ? 'A quote is probably not closed there.' : 'Check that it is the table that you mean.',
        });
      }
      if (records.length > 0) yield records;
    }
  } catch (cause) {
    throw cause instanceof MedbenchError ? cause : unreadable(table, cause);
  } finally {
    stream.destroy();
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
  return undefined;
}

const COMMA = 44;
const TAB = 9;
const QUOTE = 34;

/**
 * Splits bytes that arrive in pieces into records, without line ends and without empty records. A line break within
 * quotes does not end a record. A quote opens a field only at its start: within a field it is a character, such as the
 * mark for inches.
 */
function recordSplitter(form: TableForm) {
  const quotes = form === 'csv' || form === 'tsv';
  const delimiter = form === 'tsv' ? TAB : COMMA;
  let remainder: Uint8Array = new Uint8Array(0);
  let remainderStart = 0;
  let first = true;
  // Position in the remainder where the search for the record's end continues, whether it lies within quotes, and where
  // the last quotes closed.
  let searched = 0;
  let quoted = false;
  let closedAt = -1;
  /** The bytes of a record, undefined if it is empty. */
  const record = (from: number, to: number, bytes: Uint8Array): RawRecord | undefined => {
    const end = to > from && bytes[to - 1] === 13 ? to - 1 : to;
    const begin = from + (first ? byteOrderMark(bytes, from) : 0);
    first = false;
    const isEmpty = bytes.subarray(begin, end).every((byte) => byte === 32 || byte === 9);
    return isEmpty ? undefined : { bytes: bytes.subarray(begin, end), start: remainderStart + begin };
  };
  return {
    pending: () => ({ start: remainderStart, quoted }),
    pendingBytes: () => remainder.length,
    /** Takes the next piece of the file, which lies at `offset`. @returns the records that it completes. */
    add(piece: Uint8Array, offset: number): RawRecord[] {
      const records: RawRecord[] = [];
      if (remainder.length === 0) remainderStart = offset;
      const bytes =
        remainder.length > 0
          ? Buffer.concat([remainder, piece])
          : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      let from = 0;
      // The next quote not yet passed. It is kept, so that a file without quotes is not searched again for each line.
      let quote = -1;
      for (let position = searched; position < bytes.length; ) {
        const end = bytes.indexOf(10, position);
        const stop = end < 0 ? bytes.length : end;
        if (quotes && quote < position) quote = nextQuote(bytes, position);
        for (; quotes && quote < stop; quote = nextQuote(bytes, quote + 1)) {
          if (quoted) {
            quoted = false;
            closedAt = quote;
          } else {
            // A second quote after a closing one is a quote within the quoted field.
            const begin = from + (first ? byteOrderMark(bytes, from) : 0);
            quoted = quote === begin || bytes[quote - 1] === delimiter || closedAt === quote - 1;
          }
        }
        position = stop + (end < 0 ? 0 : 1);
        if (end < 0) break;
        if (quoted) continue;
        const complete = record(from, end, bytes);
        if (complete) records.push(complete);
        from = position;
        closedAt = -1;
      }
      remainder = bytes.subarray(from);
      remainderStart += from;
      searched = remainder.length;
      closedAt -= from;
      return records;
    },
    /** The last record, which no line end closes. */
    end(): RawRecord[] {
      const last = remainder.length > 0 ? record(0, remainder.length, remainder) : undefined;
      return last ? [quoted ? { ...last, unclosed: true } : last] : [];
    },
  };
}

const byteOrderMark = (bytes: Uint8Array, from: number): number =>
  bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf ? 3 : 0;

const nextQuote = (bytes: Buffer, from: number): number => {
  const index = bytes.indexOf(QUOTE, from);
  return index < 0 ? Number.POSITIVE_INFINITY : index;
};

const DAMAGED_HINT = 'Fetch the file again, mend the row, or leave bad rows out with --skip-bad.';

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
        row = JSON.parse(decodeText(bytes, place));
      } catch (cause) {
        if (cause instanceof MedbenchError) throw cause;
        // The parser's message may quote the text.
        throw new MedbenchError('data', `${place} is not JSON`, { hint: DAMAGED_HINT });
      }
      if (typeof row !== 'object' || row === null || Array.isArray(row)) {
        throw new MedbenchError('data', `${place} is not a JSON object`, { hint: DAMAGED_HINT });
      }
      requireColumns(place, Object.keys(row), columns);
      return row as JsonRow;
    };
  }
  const columnNames = names ?? [];
  return (bytes, place) => {
    const fields = parseFields(bytes, form, place, columnNames.length);
    if (fields.length !== columnNames.length) {
      throw new MedbenchError(
        'data',
        `${place} has ${fields.length} fields, where ${table} has ${columnNames.length} columns`,
        {
          hint: DAMAGED_HINT,
        },
      );
    }
    return Object.fromEntries(columnNames.map((name, i) => [name, fields[i]]));
  };
}

function parseFields(
  bytes: Uint8Array,
  form: TableForm,
  place: string,
  maxFields = Number.POSITIVE_INFINITY,
): string[] {
  const text = decodeText(bytes, place);
  if (form === 'plain') {
    // Tabs beyond the last column belong to its text.
    const fields = text.split('\t');
    return fields.length <= maxFields
      ? fields
      : [...fields.slice(0, maxFields - 1), fields.slice(maxFields - 1).join('\t')];
  }
  const fields = (relaxed: boolean): string[] =>
    parse(text, {
      delimiter: form === 'csv' ? ',' : '\t',
      record_delimiter: '\n',
      relax_quotes: relaxed,
    })[0] ?? [];
  try {
    return fields(false);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? errorMessage(cause).split(':', 1)[0];
    // A quote within an unquoted field is a character of its text.
    if (code === 'INVALID_OPENING_QUOTE') return fields(true);
    throw new QuoteError('data', `${place} is not a table row (${code})`, { hint: DAMAGED_HINT });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array, place: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MedbenchError('data', `${place} is not UTF-8`, { hint: 'Convert the file to UTF-8.' });
  }
}
