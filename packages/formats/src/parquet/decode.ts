import { stat } from 'node:fs/promises';
import { errorMessage, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup, SchemaTree } from 'hyparquet';
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
  readonly groups: readonly {
    readonly rows: number;
    readonly bytes: number;
    /** Where the values of each column lie in the file: its name, first byte, end. */
    readonly chunks: readonly (readonly [column: string, start: number, end: number])[];
  }[];
  /** Hugging Face's description of the columns, as JSON. */
  readonly huggingface?: string;
}

/** Parts of a file that is not on disk. */
export interface HeldParts {
  /** Length of the whole file. */
  readonly size: number;
  /** Changes with the content. */
  readonly stamp: string;
  readonly parts: readonly { readonly start: number; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

/** A file whose footer is read. */
export interface FooterRequest {
  readonly path: string;
  /** The first bytes and the footer of a file that is not on disk. */
  readonly held?: HeldParts;
}

/** A group of rows to decode. */
export interface GroupRequest extends FooterRequest {
  /** First row within the file. */
  readonly start: number;
  readonly rows: number;
  /** Columns to decode. Default: all. */
  readonly columns?: readonly string[];
}

const files = openFiles();
/** Footers of the files read last, kept because those of files with many groups are large. */
const footers = new Map<string, { readonly stamp: string; readonly metadata: FileMetaData }>();
const MAX_FOOTERS = 32;

/** Reads the footer of a file. @throws MedbenchError('data') naming the file: damaged, or with impossible claims. */
export function parquetFooter({ path, held }: FooterRequest): Promise<ParquetFooter> {
  return guarded(path, async () => {
    const { metadata, buffer } = await openFooter(path, held);
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
      return { rows, bytes, chunks: columnChunks(group, buffer.byteLength) };
    });
    const rowCount = groups.reduce((total, { rows }) => total + rows, 0);
    if (BigInt(rowCount) !== BigInt(metadata.num_rows))
      throw new Error(`it claims ${metadata.num_rows} rows and holds ${rowCount}`);
    const columns = parquetSchema(metadata).children.map((child: SchemaTree) => child.element.name);
    const huggingface = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    return { columns, groups, ...(huggingface === undefined ? {} : { huggingface }) };
  });
}

/** Where the values of each column of a group lie, as the library reads them (its `parquetPlanGroup`). */
function columnChunks({ columns }: RowGroup, size: number): readonly [string, number, number][] {
  return columns.flatMap(({ meta_data: meta }): [string, number, number][] => {
    if (!meta) return [];
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const end = start + Number(meta.total_compressed_size);
    if (!(start >= 0 && end >= start && end <= size)) throw new Error('it points beyond its end');
    return [[meta.path_in_schema[0]!, start, end]];
  });
}

/** Decodes the rows of a group, by column name. @throws as `parquetFooter`. */
export function parquetGroup({ path, held, start, rows, columns }: GroupRequest): Promise<ParquetRow[]> {
  return guarded(path, async () => {
    const { metadata, buffer } = await openFooter(path, held);
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

async function openFooter(path: string, held?: HeldParts) {
  const { size, stamp } = held ?? (await diskStamp(path));
  // Parts differ from request to request, so only what was parsed is kept.
  const buffer = held ? partsBuffer(held) : fileBuffer(path, size);
  const cached = footers.get(path);
  if (cached?.stamp === stamp) return { metadata: cached.metadata, buffer };
  const { parquetMetadataAsync } = await import('hyparquet');
  await checkFooter(buffer);
  const entry = { stamp, metadata: await parquetMetadataAsync(buffer, held && { initialFetchSize: 8 }) };
  footers.delete(path);
  footers.set(path, entry);
  for (const oldest of footers.keys()) if (footers.size > MAX_FOOTERS) footers.delete(oldest);
  return { ...entry, buffer };
}

async function diskStamp(path: string): Promise<{ readonly size: number; readonly stamp: string }> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { size, stamp: `${size}/${mtimeMs}` };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A buffer over bytes of a file. `read` gets ranges that lie within it. */
function boundedBuffer(
  byteLength: number,
  read: (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>,
): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      const to = end < 0 ? byteLength + end : end;
      if (!(from >= 0 && to >= from && to <= byteLength)) throw new Error('it points beyond its end');
      if (to - from > MAX_GROUP) throw new Error(`it claims ${to - from} bytes for one part`);
      return (await read(from, to)).buffer;
    },
  };
}

const fileBuffer = (path: string, size: number): AsyncBuffer =>
  boundedBuffer(size, async (from, to) => {
    const bytes = new Uint8Array(to - from);
    const filled = await files.use(path, (handle) => readFully(handle, bytes, from));
    if (filled < bytes.length) throw new Error('it has changed while it was in use');
    return bytes;
  });

const partsBuffer = ({ size, parts }: HeldParts): AsyncBuffer =>
  boundedBuffer(size, async (from, to) => {
    const part = parts.find(({ start, bytes }) => start <= from && to <= start + bytes.length);
    if (!part) throw new Error(`it asks for bytes ${from} to ${to}, which its footer does not name`);
    return part.bytes.slice(from - part.start, to - part.start);
  });

/** Checks the markers at both ends and the footer's length (Parquet format, "File format"). */
async function checkFooter({ byteLength, slice }: AsyncBuffer): Promise<void> {
  if (byteLength < 12) throw new Error('it is too short');
  const head = Buffer.from(await slice(0, 4)).toString('latin1');
  const tail = Buffer.from(await slice(byteLength - 8, byteLength));
  if (head !== 'PAR1' || tail.toString('latin1', 4) !== 'PAR1') throw new Error('its markers "PAR1" are missing');
  footerLength(tail, byteLength);
}

/**
 * The length of a file's footer, which its last eight bytes give.
 * @throws Error if it cannot be.
 */
export function footerLength(tail: Uint8Array, byteLength: number): number {
  const footer = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (footer > Math.min(MAX_FOOTER, byteLength - 12)) throw new Error(`its footer claims ${footer} bytes`);
  return footer;
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
