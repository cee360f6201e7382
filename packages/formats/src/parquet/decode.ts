import { stat } from 'node:fs/promises';
import { errorMessage, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from 'hyparquet';
import { cutShort } from '../files/damaged.js';
import { openFiles, readFully } from '../files/open-files.js';

/** Maximum bytes that a footer, a group's columns and a page may claim. */
const MAX_FOOTER = 64 * 2 ** 20;
const MAX_GROUP = 768 * 2 ** 20;
const MAX_PAGE = 256 * 2 ** 20;

/**
 * A row by column name: numbers (also 64-bit ones), texts, booleans, bytes, and structures of these; null where empty.
 */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** The contents of a file's footer. */
export interface ParquetFooter {
  readonly columns: readonly string[];
  readonly groups: readonly { readonly rows: number; readonly bytes: number }[];
  /** Hugging Face's description of the columns, as JSON. */
  readonly huggingface?: string;
}

/** A group of rows to decode. */
export interface GroupRequest {
  readonly path: string;
  /** First row within the file. */
  readonly start: number;
  readonly rows: number;
  /** Columns to decode. Default: all. */
  readonly columns?: readonly string[];
}

const files = openFiles();
/** Footers of the files read last, kept because those of files with many groups are large. */
const footers = new Map<
  string,
  { readonly stamp: string; readonly buffer: AsyncBuffer; readonly metadata: FileMetaData }
>();
const MAX_FOOTERS = 32;

/** Reads the footer of a file. @throws MedbenchError('data') naming the file: damaged, or with impossible claims. */
export function parquetFooter(path: string): Promise<ParquetFooter> {
  return guarded(path, async () => {
    const { metadata, buffer } = await openFooter(path);
    const { parquetSchema } = await import('hyparquet');
    const groups = metadata.row_groups.map((group) => {
      const rows = Number(group.num_rows);
      const sum = (pick: (meta: NonNullable<(typeof group.columns)[number]['meta_data']>) => bigint | number): number =>
        group.columns.reduce((total, { meta_data: meta }) => total + (meta ? Number(pick(meta)) : 0), 0);
      const bytes = sum((meta) => meta.total_uncompressed_size);
      const packed = sum((meta) => meta.total_compressed_size);
      const values = group.columns.every(({ meta_data: meta }) => Number(meta?.num_values ?? 0) <= 1000 * rows);
      if (!(rows >= 0 && rows <= 1e8 && bytes >= 0 && bytes <= MAX_GROUP && packed <= buffer.byteLength && values)) {
        throw new Error(`a group claims ${rows} rows in ${bytes} bytes`);
      }
      return { rows, bytes };
    });
    const rowCount = groups.reduce((total, { rows }) => total + rows, 0);
    if (BigInt(rowCount) !== BigInt(metadata.num_rows))
      throw new Error(`it claims ${metadata.num_rows} rows and holds ${rowCount}`);
    const columns = parquetSchema(metadata).children.map((child: SchemaTree) => child.element.name);
    const huggingface = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    return { columns, groups, ...(huggingface === undefined ? {} : { huggingface }) };
  });
}

/** Decodes the rows of a group, by column name. @throws as `parquetFooter`. */
export function parquetGroup({ path, start, rows, columns }: GroupRequest): Promise<ParquetRow[]> {
  return guarded(path, async () => {
    const { metadata, buffer } = await openFooter(path);
    const { parquetReadObjects } = await import('hyparquet');
    const compressors = await boundedCompressors();
    const options = { file: buffer, metadata, compressors, utf8: false, rowStart: start, rowEnd: start + rows };
    const objects = await parquetReadObjects(columns ? { ...options, columns: [...columns] } : options);
    if (objects.length !== rows) throw new Error(`a group has ${objects.length} of ${rows} rows`);
    return objects.map((row) => toPlain(row) as ParquetRow);
  });
}

async function guarded<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw damagedParquet(path, errorMessage(cause));
  }
}

export const damagedParquet = (path: string, why: string): MedbenchError =>
  cutShort(path, `is not a complete Parquet file: ${why.split('\n', 1)[0]!.slice(0, 200)}`);

async function openFooter(path: string) {
  let size: number;
  let stamp: string;
  try {
    const stats = await stat(path);
    size = stats.size;
    stamp = `${size}/${stats.mtimeMs}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const cached = footers.get(path);
  if (cached?.stamp === stamp) return cached;
  const { parquetMetadataAsync } = await import('hyparquet');
  const buffer = fileBuffer(path, size);
  await checkFooter(buffer);
  const entry = { stamp, buffer, metadata: await parquetMetadataAsync(buffer) };
  footers.delete(path);
  footers.set(path, entry);
  for (const oldest of footers.keys()) if (footers.size > MAX_FOOTERS) footers.delete(oldest);
  return entry;
}

function fileBuffer(path: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      const to = end < 0 ? byteLength + end : end;
      if (!(from >= 0 && to >= from && to <= byteLength)) throw new Error('it points beyond its end');
      if (to - from > MAX_GROUP) throw new Error(`it claims ${to - from} bytes for one part`);
      const bytes = new Uint8Array(to - from);
      const filled = await files.use(path, (handle) => readFully(handle, bytes, from));
      if (filled < bytes.length) throw new Error('it has changed while it was in use');
      return bytes.buffer;
    },
  };
}

/** Checks the markers at both ends and the footer's length (Parquet format, "File format"). */
async function checkFooter({ byteLength, slice }: AsyncBuffer): Promise<void> {
  if (byteLength < 12) throw new Error('it is too short');
  const head = Buffer.from(await slice(0, 4)).toString('latin1');
  const tail = Buffer.from(await slice(byteLength - 8, byteLength));
  if (head !== 'PAR1' || tail.toString('latin1', 4) !== 'PAR1') throw new Error('its markers "PAR1" are missing');
  const footer = tail.readUInt32LE(0);
  if (footer > Math.min(MAX_FOOTER, byteLength - 12)) throw new Error(`its footer claims ${footer} bytes`);
}

/** The library's codecs, limited to the size that a page may have. */
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
  const codecs = Object.entries(compressors).map(([name, run]) => [name, bounded(run)] as const);
  return { ...Object.fromEntries(codecs), SNAPPY: bounded(snappy) };
}

/** Converts 64-bit integers to numbers and undefined to null, also within structures. */
function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === undefined) return null;
  if (value instanceof Uint8Array || value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toPlain(part)]));
}
