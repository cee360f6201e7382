import { dirname } from 'node:path';
import { errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import { isAddress, type RemoteFiles } from '../files/byte-store.js';
import { mapTogether } from '../files/map-together.js';
import { pathInside } from '../files/path-inside.js';
import { requireColumns } from '../tables/tables.js';
import { damagedParquet, type GroupRequest, type HeldParts, type ParquetFooter, type ParquetRow } from './decode.js';
import { holdFooter, holdGroup } from './held-parts.js';
import { runIsolated } from './isolated.js';

export type { ParquetRow } from './decode.js';

/** Maximum bytes of decoded row groups that are kept, counted as their columns in the file. */
export const MAX_CACHED_BYTES = 256 * 2 ** 20;
/** Seconds that decoding a footer or a group may take: a damaged one can ask for years. */
const BASE_SECONDS = 5;
/** Seconds that each MiB of a group adds. */
const SECONDS_PER_MIB = 0.2;

/** Remote files whose footers are fetched at the same time. */
const FETCHED_TOGETHER = 8;

/** Rows of one or several files, read on demand. */
export interface ParquetTable {
  readonly length: number;
  readonly columns: readonly string[];
  /** Names of a column's classes in label order, if the file gives them (Hugging Face's `ClassLabel`). */
  classNames(column: string): readonly string[] | undefined;
  /** Reads a row. Its whole group is decoded, and kept while there is room. @throws RangeError beyond the rows. */
  row(index: number): Promise<ParquetRow>;
  /** Reads all values of small columns, such as labels and texts; no other column is read. */
  rows(columns: readonly string[]): Promise<ParquetRow[]>;
  /** Reads the values of columns group by group, so that only one group is in memory. */
  eachGroup(columns: readonly string[]): AsyncGenerator<readonly ParquetRow[]>;
  /** Reads the image file in a row's column: bytes, or `{bytes, path}`, where a path is relative to the table's folder. */
  image(column: string, index: number): Promise<{ readonly bytes: Uint8Array; readonly name: string }>;
  /** The groups in which rows are decoded, in order, with the bytes of their columns. */
  readonly groups: readonly { readonly rows: number; readonly bytes: number }[];
}

export interface OpenParquetOptions {
  /** Columns that `row` decodes. Default: all. */
  readonly only?: readonly string[];
  /** Opens files behind an address. Default: files are on disk. */
  readonly remote?: RemoteFiles | undefined;
}

interface Group {
  readonly path: string;
  readonly inFooter: ParquetFooter['groups'][number];
  /** The footer's bytes, if the file is not on disk. */
  readonly held: HeldParts | undefined;
  /** First row within the file. */
  readonly inFile: number;
  /** First row within the table. */
  readonly start: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Opens Parquet files as one table, in the given order. Only footers and the groups of rows read last are kept, so
 * memory does not grow with the rows. Decoding runs on a separate thread, which is ended when a damaged file keeps it
 * busy.
 * @param columns Columns that must exist.
 * @throws MedbenchError('data') naming file and column: missing, damaged, cut short, impossible claims.
 */
export async function openParquet(
  paths: readonly string[],
  columns: readonly string[] = [],
  { only, remote }: OpenParquetOptions = {},
): Promise<ParquetTable> {
  const groups: Group[] = [];
  let length = 0;
  let first: ParquetFooter | undefined;
  const heldFooters = await mapTogether(paths, (path) => holdRemoteFooter(path, remote), FETCHED_TOGETHER);
  for (const [i, path] of paths.entries()) {
    const held = heldFooters[i];
    const footer = await runIsolated('parquetFooter', { path, ...(held ? { held } : {}) }, BASE_SECONDS, () =>
      damagedParquet(path, 'decoding its footer takes too much time or memory'),
    );
    requireColumns(path, footer.columns, [...columns, ...(first?.columns ?? [])]);
    first ??= footer;
    let inFile = 0;
    for (const inFooter of footer.groups) {
      const { rows, bytes } = inFooter;
      groups.push({ path, inFooter, held, inFile, start: length, rows, bytes });
      inFile += rows;
      length += rows;
    }
  }
  const names = first?.columns ?? [];
  const read = async (group: Group, selected?: readonly string[]): Promise<ParquetRow[]> => {
    const { path, inFile, rows, bytes } = group;
    const held = group.held && remote && (await holdGroup(remote, path, group.held, group.inFooter, selected));
    const request: GroupRequest = {
      ...{ path, start: inFile, rows },
      ...(held ? { held } : {}),
      ...(selected ? { columns: selected } : {}),
    };
    const seconds = BASE_SECONDS + (SECONDS_PER_MIB * bytes) / 2 ** 20;
    return runIsolated('parquetGroup', request, seconds, () =>
      damagedParquet(path, `decoding its rows from ${inFile + 1} on takes too much time or memory`),
    );
  };
  // The most recently read group stands at the end.
  const cached = new Map<number, Promise<ParquetRow[]>>();
  const readGroup = (groupIndex: number): Promise<ParquetRow[]> => {
    const rows = cached.get(groupIndex) ?? read(groups[groupIndex]!, only);
    cached.delete(groupIndex);
    cached.set(groupIndex, rows);
    rows.catch(() => cached.delete(groupIndex));
    let bytes = 0;
    for (const cachedIndex of [...cached.keys()].reverse()) {
      bytes += groups[cachedIndex]!.bytes;
      if (bytes > MAX_CACHED_BYTES && cachedIndex !== groupIndex) cached.delete(cachedIndex);
    }
    return rows;
  };
  const locateRow = (index: number): { readonly groupIndex: number; readonly group: Group } => {
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw new RangeError(`No row ${index} among ${length}`);
    }
    const groupIndex = groups.findLastIndex(({ start }) => start <= index);
    return { groupIndex, group: groups[groupIndex]! };
  };
  const row = async (index: number): Promise<ParquetRow> => {
    const { groupIndex, group } = locateRow(index);
    return (await readGroup(groupIndex))[index - group.start]!;
  };
  async function* eachGroup(selected: readonly string[]): AsyncGenerator<readonly ParquetRow[]> {
    requireColumns(paths[0] ?? 'the table', names, selected);
    for (const group of groups) yield await read(group, selected);
  }
  return {
    length,
    columns: names,
    groups,
    classNames: (column) => classNamesIn(first?.huggingface, column),
    row,
    async rows(selected) {
      const values: ParquetRow[] = [];
      for await (const group of eachGroup(selected)) for (const value of group) values.push(value);
      return values;
    },
    eachGroup,
    async image(column, index) {
      const { path, inFile, start } = locateRow(index).group;
      const name = `${path}: row ${inFile + index - start + 1}`;
      const value = (await row(index))[column] as { bytes?: unknown; path?: unknown } | Uint8Array | null | undefined;
      if (value instanceof Uint8Array) return { bytes: value, name };
      if (value?.bytes instanceof Uint8Array) return { bytes: value.bytes, name };
      if (typeof value?.path === 'string' && !isAddress(path)) {
        const file = pathInside(dirname(path), value.path, name);
        return { bytes: await readBytes(file), name: file };
      }
      throw new MedbenchError('data', `${name} has no image in "${column}"`, {
        hint: 'Fetch the file again, or leave bad rows out with --skip-bad.',
      });
    },
  };
}

/** Reads the footer's bytes of a file that is not on disk. @throws as `openParquet`. */
async function holdRemoteFooter(path: string, remote: RemoteFiles | undefined): Promise<HeldParts | undefined> {
  if (!remote || !isAddress(path)) return undefined;
  try {
    return await holdFooter(remote, path);
  } catch (cause) {
    throw isMedbenchError(cause) ? cause : damagedParquet(path, errorMessage(cause));
  }
}

/** Class names from Hugging Face's description of the columns, the footer's `huggingface` entry. */
function classNamesIn(text: string | undefined, column: string): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const { info } = JSON.parse(text) as { info?: { features?: Record<string, { names?: unknown }> } };
    const names = info?.features?.[column]?.names;
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
