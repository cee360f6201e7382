import { dirname } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import { pathInside } from '../files/path-inside.js';
import { requireColumns } from '../tables/tables.js';
import { damagedParquet, type GroupRequest, type ParquetFooter, type ParquetRow } from './decode.js';
import { runIsolated } from './isolated.js';

export type { ParquetRow } from './decode.js';

/** Maximum bytes of decoded row groups that are kept, counted as their columns in the file. */
const MAX_CACHED_BYTES = 256 * 2 ** 20;
/** Seconds that decoding a footer or a group may take: a damaged one can ask for years. */
const BASE_SECONDS = 5;
/** Seconds that each MiB of a group adds. */
const SECONDS_PER_MIB = 0.2;

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
  /** Reads the image file in a row's column: `{bytes, path}`, where a path is relative to the table's folder. */
  image(column: string, index: number): Promise<{ readonly bytes: Uint8Array; readonly name: string }>;
}

interface Group {
  readonly path: string;
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
export async function openParquet(paths: readonly string[], columns: readonly string[] = []): Promise<ParquetTable> {
  const groups: Group[] = [];
  let length = 0;
  let first: ParquetFooter | undefined;
  for (const path of paths) {
    const footer = await runIsolated('parquetFooter', path, BASE_SECONDS, () =>
      damagedParquet(path, 'decoding its footer takes too much time or memory'),
    );
    requireColumns(path, footer.columns, [...columns, ...(first?.columns ?? [])]);
    first ??= footer;
    let inFile = 0;
    for (const { rows, bytes } of footer.groups) {
      groups.push({ path, inFile, start: length, rows, bytes });
      inFile += rows;
      length += rows;
    }
  }
  const names = first?.columns ?? [];
  const read = async ({ path, inFile, rows, bytes }: Group, selected?: readonly string[]): Promise<ParquetRow[]> => {
    const request: GroupRequest = { path, start: inFile, rows, ...(selected ? { columns: selected } : {}) };
    const seconds = BASE_SECONDS + (SECONDS_PER_MIB * bytes) / 2 ** 20;
    return runIsolated('parquetGroup', request, seconds, () =>
      damagedParquet(path, `decoding its rows from ${inFile + 1} on takes too much time or memory`),
    );
  };
  // The most recently read group stands at the end.
  const cached = new Map<number, Promise<ParquetRow[]>>();
  const readGroup = (groupIndex: number): Promise<ParquetRow[]> => {
    const rows = cached.get(groupIndex) ?? read(groups[groupIndex]!);
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
  return {
    length,
    columns: names,
    classNames: (column) => classNamesIn(first?.huggingface, column),
    row,
    async rows(selected) {
      requireColumns(paths[0] ?? 'the table', names, selected);
      const values: ParquetRow[] = [];
      for (const group of groups) for (const value of await read(group, selected)) values.push(value);
      return values;
    },
    async image(column, index) {
      const { path, inFile, start } = locateRow(index).group;
      const name = `${path}: row ${inFile + index - start + 1}`;
      const value = (await row(index))[column] as { bytes?: unknown; path?: unknown } | null | undefined;
      if (value?.bytes instanceof Uint8Array) return { bytes: value.bytes, name };
      if (typeof value?.path === 'string') {
        const file = pathInside(dirname(path), value.path, name);
        return { bytes: await readBytes(file), name: file };
      }
      throw new MedbenchError('data', `${name} has no image in "${column}"`, {
        hint: 'Fetch the file again, or leave bad rows out with --skip-bad.',
      });
    },
  };
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
