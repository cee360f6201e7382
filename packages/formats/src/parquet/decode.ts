import { stat } from 'node:fs/promises';
import { errorMessage, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from 'hyparquet';
import { cutShort } from '../files/damaged.js';
import { openFiles, readFully } from '../files/open-files.js';

/** A footer, a group's columns and a page may not claim more than this. */
const MAX_FOOTER = 64 * 2 ** 20;
const MAX_GROUP = 768 * 2 ** 20;
const MAX_PAGE = 256 * 2 ** 20;

/** A row by column name: numbers (64-bit ones too), texts, truth values, bytes, and structures of these; null where empty. */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** What the footer of a file says. */
export interface ParquetFooter {
  readonly columns: readonly string[];
  readonly groups: readonly { readonly rows: number; readonly bytes: number }[];
  /** Hugging Face's description of the columns, JSON. */
  readonly huggingface?: string;
}

/** A group of rows that is to be decoded. */
export interface GroupRequest {
  readonly path: string;
  /** First row within the file. */
  readonly start: number;
  readonly rows: number;
  /** All where none are named. */
  readonly columns?: readonly string[];
}

const files = openFiles();
/** Footers of the files read last, which are large for files of many groups. */
const footers = new Map<
  string,
  { readonly stamp: string; readonly buffer: AsyncBuffer; readonly metadata: FileMetaData }
>();
const FOOTERS = 32;

/** Reads the footer of a file. @throws MedbenchError('data') naming the file: damaged, claims that cannot be true. */
export function parquetFooter(path: string): Promise<ParquetFooter> {
  return guarded(path, async () => {
    const { metadata, buffer } = await opened(path);
    const { parquetSchema } = await import('hyparquet');
    const groups = metadata.row_groups.map((group) => {
      const rows = Number(group.num_rows);
      const sum = (of: (meta: NonNullable<(typeof group.columns)[number]['meta_data']>) => bigint | number): number =>
        group.columns.reduce((total, { meta_data: meta }) => total + (meta ? Number(of(meta)) : 0), 0);
      const bytes = sum((meta) => meta.total_uncompressed_size);
      const packed = sum((meta) => meta.total_compressed_size);
      const values = group.columns.every(({ meta_data: meta }) => Number(meta?.num_values ?? 0) <= 1000 * rows);
      if (!(rows >= 0 && rows <= 1e8 && bytes >= 0 && bytes <= MAX_GROUP && packed <= buffer.byteLength && values)) {
        throw new Error(`a group claims ${rows} rows in ${bytes} bytes`);
      }
      return { rows, bytes };
    });
    const held = groups.reduce((total, { rows }) => total + rows, 0);
    if (BigInt(held) !== BigInt(metadata.num_rows))
      throw new Error(`it claims ${metadata.num_rows} rows and holds ${held}`);
    const columns = parquetSchema(metadata).children.map((child: SchemaTree) => child.element.name);
    const huggingface = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    return { columns, groups, ...(huggingface === undefined ? {} : { huggingface }) };
  });
}

/** Decodes the rows of a group, by column name. @throws as `parquetFooter`. */
export function parquetGroup({ path, start, rows, columns }: GroupRequest): Promise<ParquetRow[]> {
  return guarded(path, async () => {
    const { metadata, buffer } = await opened(path);
    const { parquetReadObjects } = await import('hyparquet');
    const compressors = await boundedCompressors();
    const options = { file: buffer, metadata, compressors, utf8: false, rowStart: start, rowEnd: start + rows };
    const found = await parquetReadObjects(columns ? { ...options, columns: [...columns] } : options);
    if (found.length !== rows) throw new Error(`a group has ${found.length} of ${rows} rows`);
    return found.map((row) => plain(row) as ParquetRow);
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
  cutShort(path, `is no whole Parquet file: ${why.split('\n', 1)[0]!.slice(0, 200)}`);

async function opened(path: string) {
  let size: number;
  let stamp: string;
  try {
    const found = await stat(path);
    size = found.size;
    stamp = `${size}/${found.mtimeMs}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const known = footers.get(path);
  if (known?.stamp === stamp) return known;
  const { parquetMetadataAsync } = await import('hyparquet');
  const buffer = bufferOf(path, size);
  await checkFooter(buffer);
  const made = { stamp, buffer, metadata: await parquetMetadataAsync(buffer) };
  footers.delete(path);
  footers.set(path, made);
  for (const oldest of footers.keys()) if (footers.size > FOOTERS) footers.delete(oldest);
  return made;
}

function bufferOf(path: string, byteLength: number): AsyncBuffer {
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
