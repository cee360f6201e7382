import { posix } from 'node:path';
import { errorMessage, MedbenchError } from '@medbench/core';
import { openZip, type ZipFile } from '../archives/zip.js';
import { requireColumns } from './tables.js';

/** A cell: text, number or truth value; null where it is empty. Dates come as their number of days. */
export type XlsxValue = string | number | boolean | null;

export interface ReadXlsxOptions {
  /** Columns that must be there. */
  readonly columns?: readonly string[];
  /** A part of the workbook that unpacks to more is refused. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** Columns of a sheet (ECMA-376: XFD). */
const MAX_COLUMN = 16_384;

/**
 * Reads the first sheet of a workbook (ECMA-376, SpreadsheetML), its first row as the header; rows without any value are
 * passed over. Formulas are not computed: the values kept with them are read.
 * @throws MedbenchError('data') naming the file: missing, damaged, no workbook, a column that is not there (with those that
 * are), two columns of one name, a document type (which no program writes there).
 */
export async function readXlsx(
  path: string,
  { columns = [], maxBytes = 256 * 2 ** 20 }: ReadXlsxOptions = {},
): Promise<Readonly<Record<string, XlsxValue>>[]> {
  const zip = await openZip(path);
  try {
    const book = await parts(zip, path, maxBytes);
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

/** Finds the first sheet and the table of texts by the workbook's relations (ECMA-376, part 2). */
async function parts(zip: ZipFile, path: string, maxBytes: number): Promise<{ sheet: Parse; strings?: Parse }> {
  const parser = (name: string): Parse | undefined => {
    const entry = zip.entries.find((one) => one.name === name);
    if (!entry) return undefined;
    if (entry.bytes > maxBytes) {
      throw new MedbenchError('data', `${path}: ${name} unpacks to ${entry.bytes} bytes, more than ${maxBytes}`, {
        hint: 'It is not the table that it should be.',
      });
    }
    return (handlers) => parseXml(zip.read(entry), `${path}: ${name}`, handlers);
  };
  const noBook = (what: string): MedbenchError =>
    new MedbenchError('data', `${path} is no workbook (.xlsx): ${what}`, {
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
  if (!sheet) throw noBook('its first sheet is not there');
  const strings = texts === undefined ? undefined : parser(texts);
  return { sheet, ...(strings ? { strings } : {}) };
}

async function readStrings(parse: Parse, place: string): Promise<string[]> {
  const strings: string[] = [];
  let text: string | undefined;
  let reading = false;
  // Readings for the blind (phonetic runs) are no part of a text.
  let aside = 0;
  await parse({
    open(name) {
      if (name === 'si') text = '';
      if (name === 'rPh') aside++;
      reading = name === 't' && aside === 0;
    },
    close(name) {
      if (name === 'rPh') aside--;
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
      header = new Map(filled.map(([at, value]) => [at, String(value)]));
      requireColumns(path, [...header.values()], columns);
      const twice = [...header.values()].find((name, i, all) => all.indexOf(name) < i);
      if (twice !== undefined) throw new MedbenchError('data', `${path} has two columns "${twice}"`);
      return;
    }
    rows.push(Object.fromEntries([...header].map(([at, name]) => [name, cells.get(at) ?? null])));
  };
  await parse({
    open(name, { r, t = 'n' }) {
      if (name === 'row') {
        cells = new Map();
        number++;
        column = 0;
      } else if (name === 'c') {
        column = r === undefined ? column + 1 : columnOf(r, path);
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

/** The number of a column from a cell's reference, 1 for A. */
function columnOf(reference: string, path: string): number {
  const letters = /^([A-Z]{1,3})\d{1,7}$/.exec(reference)?.[1] ?? '';
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  if (column >= 1 && column <= MAX_COLUMN) return column;
  throw new MedbenchError('data', `${path} has a cell at "${reference.slice(0, 20)}", which is no place of a sheet`);
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
    <A extends readonly unknown[]>(run: (...given: A) => void) =>
    (...given: A): void => {
      if (fault !== undefined) return;
      try {
        run(...given);
      } catch (caught) {
        fault = caught;
      }
    };
  parser.on('error', (error) => {
    // What the parser says may quote the text.
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
