import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MedbenchError, messageOf } from '@medbench/core';
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from 'hyparquet';
import { unreadable } from '../files.js';
import { readBytes } from '../image.js';
import { requireColumns } from '../tables.js';
import { pathInside } from './caption-table.js';
import { openFiles } from './open-files.js';
import { readFully } from './tar-index.js';

/** Decoded groups of rows that are kept, by the bytes of their columns in the file. */
const KEPT = 256 * 2 ** 20;
/** A footer, a group's columns and a page may not claim more than this. */
const MAX_FOOTER = 64 * 2 ** 20;
const MAX_GROUP = 768 * 2 ** 20;
const MAX_PAGE = 256 * 2 ** 20;

/** A row by column name: numbers (64-bit ones too), texts, truth values, bytes, and structures of these; null where empty. */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** Rows of one or several files, read on demand. */
export interface ParquetTable {
  readonly length: number;
  readonly columns: readonly string[];
  /** Names of a column's classes in label order, where the file says them (Hugging Face's `ClassLabel`). */
  classNames(column: string): readonly string[] | undefined;
  /** A row. Its whole group is decoded, and kept while there is room. @throws RangeError beyond the rows. */
  row(index: number): Promise<ParquetRow>;
  /** All values of light columns, such as labels and texts; no other column is read. */
  rows(columns: readonly string[]): Promise<ParquetRow[]>;
  /** The picture file in a row's column: `{bytes, path}`, where a path is relative to the table's folder. */
  picture(column: string, index: number): Promise<{ readonly bytes: Uint8Array; readonly name: string }>;
}

interface Group {
  readonly file: number;
  /** First row, within its file and among all. */
  readonly inFile: number;
  readonly start: number;
  readonly length: number;
  readonly bytes: number;
}

/**
 * Opens Parquet files as one table, in the order given. Footers and the groups of rows read last are held, so memory does
 * not grow with the rows.
 * @param columns Columns that must be there.
 * @throws MedbenchError('data') naming file and column: missing, damaged, cut short, claims that cannot be true.
 */
export async function openParquet(paths: readonly string[], columns: readonly string[] = []): Promise<ParquetTable> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const compressors = await boundedCompressors();
  const handles = openFiles();
  const guarded = async <T>(path: string, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof MedbenchError) throw cause;
      throw new MedbenchError(
        'data',
        `${path} is no whole Parquet file: ${messageOf(cause).split('\n', 1)[0]!.slice(0, 200)}`,
        {
          cause,
          hint: 'The download was probably cut short; fetch the file again.',
        },
      );
    }
  };
  const files: { readonly path: string; readonly buffer: AsyncBuffer; readonly metadata: FileMetaData }[] = [];
  const groups: Group[] = [];
  let length = 0;
  let names: readonly string[] = [];
  for (const [file, path] of paths.entries()) {
    const buffer = await bufferOf(path, handles);
    const metadata = await guarded(path, async () => {
      await checkFooter(buffer);
      const found = await parquetMetadataAsync(buffer);
      let inFile = 0;
      for (const group of found.row_groups) {
        const rows = Number(group.num_rows);
        const bytes = group.columns.reduce(
          (sum, { meta_data: meta }) => sum + Number(meta?.total_uncompressed_size ?? 0),
          0,
        );
        const packed = group.columns.reduce(
          (sum, { meta_data: meta }) => sum + Number(meta?.total_compressed_size ?? 0),
          0,
        );
        const values = group.columns.every(({ meta_data: meta }) => Number(meta?.num_values ?? 0) <= 1000 * rows);
        if (!(rows >= 0 && rows <= 1e8 && bytes >= 0 && bytes <= MAX_GROUP && packed <= buffer.byteLength && values)) {
          throw new Error(`a group claims ${rows} rows in ${bytes} bytes`);
        }
        groups.push({ file, inFile, start: length, length: rows, bytes });
        inFile += rows;
        length += rows;
      }
      if (BigInt(inFile) !== BigInt(found.num_rows))
        throw new Error(`it claims ${found.num_rows} rows and holds ${inFile}`);
      return found;
    });
    const own = await guarded(path, async () =>
      parquetSchema(metadata).children.map((child: SchemaTree) => child.element.name),
    );
    requireColumns(path, own, [...columns, ...names]);
    if (file === 0) names = own;
    files.push({ path, buffer, metadata });
  }
  const read = ({ file, inFile, length: rows }: Group, wanted?: readonly string[]): Promise<ParquetRow[]> => {
    const { path, buffer, metadata } = files[file]!;
    return guarded(path, async () => {
      const range = { rowStart: inFile, rowEnd: inFile + rows };
      const options = { file: buffer, metadata, compressors, utf8: false, ...range };
      const found = await parquetReadObjects(wanted ? { ...options, columns: [...wanted] } : options);
      if (found.length !== rows) throw new Error(`a group has ${found.length} of ${rows} rows`);
      return found.map((row) => plain(row) as ParquetRow);
    });
  };
  // The group read last stands at the end.
  const kept = new Map<number, Promise<ParquetRow[]>>();
  const groupAt = (at: number): Promise<ParquetRow[]> => {
    const rows = kept.get(at) ?? read(groups[at]!);
    kept.delete(at);
    kept.set(at, rows);
    rows.catch(() => kept.delete(at));
    let bytes = 0;
    for (const one of [...kept.keys()].reverse()) {
      bytes += groups[one]!.bytes;
      if (bytes > KEPT && one !== at) kept.delete(one);
    }
    return rows;
  };
  const place = (index: number): { readonly at: number; readonly group: Group } => {
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw new RangeError(`No row ${index} among ${length}`);
    }
    const at = groups.findLastIndex(({ start }) => start <= index);
    return { at, group: groups[at]! };
  };
  const row = async (index: number): Promise<ParquetRow> => {
    const { at, group } = place(index);
    return (await groupAt(at))[index - group.start]!;
  };
  return {
    length,
    columns: names,
    classNames: (column) => classNamesIn(files[0]?.metadata, column),
    row,
    async rows(wanted) {
      requireColumns(paths[0] ?? 'the table', names, wanted);
      const all: ParquetRow[] = [];
      for (const group of groups) for (const one of await read(group, wanted)) all.push(one);
      return all;
    },
    async picture(column, index) {
      const path = files[place(index).group.file]!.path;
      const name = `${path}: row ${index - groups.find(({ file }) => files[file]!.path === path)!.start + 1}`;
      const value = (await row(index))[column] as { bytes?: unknown; path?: unknown } | null | undefined;
      if (value?.bytes instanceof Uint8Array) return { bytes: value.bytes, name };
      if (typeof value?.path === 'string') {
        const file = pathInside(dirname(path), value.path, name);
        return { bytes: await readBytes(file), name: file };
      }
      throw new MedbenchError('data', `${name} has no picture in "${column}"`, {
        hint: 'Fetch the file again, or leave bad rows out with --skip-bad.',
      });
    },
  };
}

async function bufferOf(path: string, handles: ReturnType<typeof openFiles>): Promise<AsyncBuffer> {
  let byteLength: number;
  try {
    byteLength = (await stat(path)).size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      const to = end < 0 ? byteLength + end : end;
      if (!(from >= 0 && to >= from && to <= byteLength)) throw new Error('it points beyond its end');
      if (to - from > MAX_GROUP) throw new Error(`it claims ${to - from} bytes for one part`);
      const bytes = new Uint8Array(to - from);
      const filled = await handles.use(path, (handle) => readFully(handle, bytes, from));
      if (filled < bytes.length) throw new Error('it has changed while it was in use');
      return bytes.buffer;
    },
  };
}

/** The marks at both ends and the footer's length (Parquet format, "File format"). */
async function checkFooter({ byteLength, slice }: AsyncBuffer): Promise<void> {
  if (byteLength < 12) throw new Error('it is too short');
  const head = Buffer.from(await slice(0, 4)).toString('latin1');
  const tail = Buffer.from(await slice(byteLength - 8, byteLength));
  if (head !== 'PAR1' || tail.toString('latin1', 4) !== 'PAR1') throw new Error('its marks "PAR1" are missing');
  const footer = tail.readUInt32LE(0);
  if (footer > Math.min(MAX_FOOTER, byteLength - 12)) throw new Error(`its footer claims ${footer} bytes`);
}

/** Every codec of the library, which may not be asked for more than a page may hold. */
async function boundedCompressors(): Promise<Compressors> {
  const { compressors } = await import('hyparquet-compressors');
  const { snappyUncompress } = await import('hyparquet');
  const bounded = (run: NonNullable<Compressors[keyof Compressors]>): NonNullable<Compressors[keyof Compressors]> => {
    return (input, outputLength) => {
      if (!(outputLength >= 0 && outputLength <= MAX_PAGE)) throw new Error(`a page claims ${outputLength} bytes`);
      return run(input, outputLength);
    };
  };
  const snappy = (input: Uint8Array, outputLength: number): Uint8Array => {
    const output = new Uint8Array(outputLength);
    snappyUncompress(input, output);
    return output;
  };
  const all = Object.entries(compressors).map(([name, run]) => [name, bounded(run)] as const);
  return { ...Object.fromEntries(all), SNAPPY: bounded(snappy) };
}

/** 64-bit integers as numbers; structures as they are. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === undefined) return null;
  if (value instanceof Uint8Array || value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

/** Hugging Face's description of the columns, in the footer's `huggingface` entry. */
function classNamesIn(metadata: FileMetaData | undefined, column: string): readonly string[] | undefined {
  const text = metadata?.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return undefined;
  try {
    const { info } = JSON.parse(text) as { info?: { features?: Record<string, { names?: unknown }> } };
    const names = info?.features?.[column]?.names;
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
