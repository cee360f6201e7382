import { posix } from 'node:path';
import { errorMessage, MedbenchError } from '@medbench/core';
import { openZip, type ZipFile } from '../archives/zip.js';
import { requireColumns, tooManyRows } from './tables.js';

/** A cell: text, number or boolean; null where it is empty. Dates are given as their number of days. */
export type XlsxValue = string | number | boolean | null;

export interface ReadXlsxOptions {
  /** Columns that must exist. */
  readonly columns?: readonly string[];
  /** Maximum unpacked bytes of a part of the workbook. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** Maximum number of columns and rows of a sheet (ECMA-376: XFD1048576). */
const MAX_COLUMN = 16_384;
const MAX_ROW = 1_048_576;

/**
 * Reads the first sheet of a workbook (ECMA-376, SpreadsheetML), with its first row as the header; rows without any
 * value are skipped. Formulas are not computed: the values stored with them are read.
 * @throws MedbenchError('data') naming the file: missing, damaged, not a workbook, a missing column (listing the
 * existing ones), two columns of one name, more rows than a sheet can have, a document type (which no spreadsheet program writes).
 */
export async function readXlsx(
  path: string,
  { columns = [], maxBytes = 256 * 2 ** 20 }: ReadXlsxOptions = {},
): Promise<Readonly<Record<string, XlsxValue>>[]> {
  const zip = await openZip(path);
  try {
    const book = await findParts(zip, path, maxBytes);
    const strings = book.strings === undefined ? [] : await readStrings(book.strings, `${path}: shared strings`);
    return await readSheet(book.sheet, path, columns, strings);
  } finally {
    await zip.close();
  }
}

type Parse = (handlers: Handlers) => Promise<void>;

interface Handlers {
  readonly open: (name: string, attributes: Readonly<Record<string, string>>) => void;
  readonly close?: (name: string) => void;
  readonly text?: (text: string) => void;
}

/** Finds the first sheet and the shared strings by the workbook's relations (ECMA-376, part 2). */
async function findParts(zip: ZipFile, path: string, maxBytes: number): Promise<{ sheet: Parse; strings?: Parse }> {
  const parser = (name: string): Parse | undefined => {
    const entry = zip.entries.find((candidate) => candidate.name === name);
    if (!entry) return undefined;
    if (entry.bytes > maxBytes) {
      throw new MedbenchError('data', `${path}: ${name} unpacks to ${entry.bytes} bytes, more than ${maxBytes}`, {
        hint: 'It is not the expected table.',
      });
    }
    return (handlers) => parseXml(zip.read(entry), `${path}: ${name}`, handlers);
  };
  const noBook = (reason: string): MedbenchError =>
    new MedbenchError('data', `${path} is not a workbook (.xlsx): ${reason}`, {
      hint: 'Fetch it again, or save it as .xlsx.',
    });
  const book = parser('xl/workbook.xml');
  const relations = parser('xl/_rels/workbook.xml.rels');
  if (!book || !relations) throw noBook('it has no xl/workbook.xml with its relations');
  let first: string | undefined;
  await book({
    open(name, attributes) {
      if (name !== 'sheet') return;
      first ??= Object.entries(attributes).find(([key]) => /(^|:)id$/.test(key))?.[1];
    },
  });
  const targets = new Map<string, string>();
  let texts: string | undefined;
  await relations({
    open(name, { Id, Target, Type }) {
      if (name !== 'Relationship' || Id === undefined || Target === undefined) return;
      const target = posix.normalize(Target.startsWith('/') ? Target.slice(1) : `xl/${Target}`);
      targets.set(Id, target);
      if (Type?.endsWith('/sharedStrings')) texts = target;
    },
  });
  const sheet = first === undefined ? undefined : parser(targets.get(first) ?? '');
  if (!sheet) throw noBook('its first sheet is missing');
  const strings = texts === undefined ? undefined : parser(texts);
  return { sheet, ...(strings ? { strings } : {}) };
}

async function readStrings(parse: Parse, place: string): Promise<string[]> {
  const strings: string[] = [];
  let text: string | undefined;
  let reading = false;
  // Depth within phonetic runs: these show how a text is read aloud and are not part of it.
  let phoneticDepth = 0;
  await parse({
    open(name) {
      if (name === 'si') text = '';
      if (name === 'rPh') phoneticDepth++;
      reading = name === 't' && phoneticDepth === 0;
    },
    close(name) {
      if (name === 'rPh') phoneticDepth--;
      if (name === 't') reading = false;
      if (name !== 'si') return;
      if (text === undefined) throw new MedbenchError('data', `${place} are damaged`);
      strings.push(text);
    },
    text(piece) {
      if (reading && text !== undefined) text += piece;
    },
  });
  return strings;
}

async function readSheet(
  parse: Parse,
  path: string,
  columns: readonly string[],
  strings: readonly string[],
): Promise<Readonly<Record<string, XlsxValue>>[]> {
  const rows: Record<string, XlsxValue>[] = [];
  let header: Map<number, string> | undefined;
  let cells = new Map<number, XlsxValue>();
  let number = 0;
  let column = 0;
  let kind = '';
  let content = '';
  let reading = false;
  const endRow = (): void => {
    const filled = [...cells].filter(([, value]) => value !== null);
    if (filled.length === 0) return;
    if (!header) {
      header = new Map(filled.map(([index, value]) => [index, String(value)]));
      requireColumns(path, [...header.values()], columns);
      return;
    }
    rows.push(Object.fromEntries([...header].map(([index, name]) => [name, cells.get(index) ?? null])));
  };
  await parse({
    open(name, { r, t = 'n' }) {
      if (name === 'row') {
        cells = new Map();
        if (number === MAX_ROW) throw tooManyRows(path, MAX_ROW);
        number++;
        column = 0;
      } else if (name === 'c') {
        column = r === undefined ? column + 1 : columnNumber(r, path);
        kind = t;
        content = '';
      } else reading = name === 'v' || (name === 't' && kind === 'inlineStr');
    },
    close(name) {
      if (name === 'v' || name === 't') reading = false;
      else if (name === 'c') {
        if (!header || header.has(column))
          cells.set(column, cellValue(kind, content, strings, `${path}: row ${number}`));
      } else if (name === 'row') endRow();
    },
    text(piece) {
      if (reading) content += piece;
    },
  });
  if (!header) requireColumns(path, [], columns);
  return rows;
}

/** The column number of a cell's reference, 1 for A. */
function columnNumber(reference: string, path: string): number {
  const letters = /^([A-Z]{1,3})\d{1,7}$/.exec(reference)?.[1] ?? '';
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  if (column >= 1 && column <= MAX_COLUMN) return column;
  throw new MedbenchError('data', `${path} has a cell at "${reference.slice(0, 20)}", which is not a cell of a sheet`);
}

function cellValue(kind: string, content: string, strings: readonly string[], place: string): XlsxValue {
  if (kind === 'inlineStr' || kind === 'str' || kind === 'e' || kind === 'd') return content;
  if (content === '') return null;
  const number = Number(content);
  if (kind === 's') {
    const text = strings[number];
    if (text !== undefined) return text;
  } else if (kind === 'b') {
    if (content === '1' || content === '0') return content === '1';
  } else if (kind === 'n' && Number.isFinite(number)) return number;
  throw new MedbenchError('data', `${place} has a cell of type "${kind}" that cannot be read`, {
    hint: 'The workbook is damaged; fetch it again.',
  });
}

async function parseXml(pieces: AsyncIterable<Uint8Array>, place: string, handlers: Handlers): Promise<void> {
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser();
  const local = (name: string): string => name.slice(name.indexOf(':') + 1);
  let fault: unknown;
  const guarded =
    <A extends readonly unknown[]>(run: (...values: A) => void) =>
    (...values: A): void => {
      if (fault !== undefined) return;
      try {
        run(...values);
      } catch (caught) {
        fault = caught;
      }
    };
  parser.on('error', (error) => {
    // The parser's message may quote the text.
    fault ??= new MedbenchError(
      'data',
      `${place} is not well-formed XML (${
        errorMessage(error)
          .slice(0, 8)
          .match(/^\d+:\d+/)?.[0] ?? 'damaged'
      })`,
      {
        hint: 'The workbook is damaged; fetch it again.',
      },
    );
  });
  parser.on('doctype', () => {
    fault ??= new MedbenchError('data', `${place} declares a document type, which is refused`);
  });
  parser.on(
    'opentag',
    guarded(({ name, attributes }) => handlers.open(local(name), attributes as Record<string, string>)),
  );
  parser.on(
    'closetag',
    guarded(({ name }) => handlers.close?.(local(name))),
  );
  parser.on(
    'text',
    guarded((text: string) => handlers.text?.(text)),
  );
  parser.on(
    'cdata',
    guarded((text: string) => handlers.text?.(text)),
  );
  const decoder = new TextDecoder('utf-8');
  for await (const piece of pieces) {
    parser.write(decoder.decode(piece, { stream: true }));
    if (fault !== undefined) throw fault;
  }
  parser.write(decoder.decode()).close();
  if (fault !== undefined) throw fault;
}
