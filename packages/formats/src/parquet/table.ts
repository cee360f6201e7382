import { dirname } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import { pathInside } from '../files/path-inside.js';
import { requireColumns } from '../tables/tables.js';
import { damagedParquet, type GroupRequest, type ParquetFooter, type ParquetRow } from './decode.js';
import { isolated } from './isolated.js';

export type { ParquetRow } from './decode.js';

/** Decoded groups of rows that are kept, by the bytes of their columns in the file. */
const KEPT = 256 * 2 ** 20;
/** Time that a footer or a group may take to decode, and what each MiB adds: a damaged one can ask for years. */
const SECONDS = 5;
const SECONDS_PER_MIB = 0.2;

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
  /** The image file in a row's column: `{bytes, path}`, where a path is relative to the table's folder. */
  image(column: string, index: number): Promise<{ readonly bytes: Uint8Array; readonly name: string }>;
}

interface Group {
  readonly path: string;
  /** First row, within its file and among all. */
  readonly inFile: number;
  readonly start: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Opens Parquet files as one table, in the order given. Footers and the groups of rows read last are held, so memory does
 * not grow with the rows. Decoding happens on a thread of its own, which is ended when a damaged file keeps it busy.
 * @param columns Columns that must be there.
 * @throws MedbenchError('data') naming file and column: missing, damaged, cut short, claims that cannot be true.
 */
export async function openParquet(paths: readonly string[], columns: readonly string[] = []): Promise<ParquetTable> {
  const groups: Group[] = [];
  let length = 0;
  let first: ParquetFooter | undefined;
  for (const path of paths) {
    const footer = await isolated('parquetFooter', path, SECONDS, () => damagedParquet(path, 'its footer has no end'));
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
  const read = async ({ path, inFile, rows, bytes }: Group, wanted?: readonly string[]): Promise<ParquetRow[]> => {
    const request: GroupRequest = { path, start: inFile, rows, ...(wanted ? { columns: wanted } : {}) };
    const seconds = SECONDS + (SECONDS_PER_MIB * bytes) / 2 ** 20;
    return isolated('parquetGroup', request, seconds, () =>
      damagedParquet(path, `its rows from ${inFile + 1} on have no end`),
    );
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
    classNames: (column) => classNamesIn(first?.huggingface, column),
    row,
    async rows(wanted) {
      requireColumns(paths[0] ?? 'the table', names, wanted);
      const all: ParquetRow[] = [];
      for (const group of groups) for (const one of await read(group, wanted)) all.push(one);
      return all;
    },
    async image(column, index) {
      const { path, inFile, start } = place(index).group;
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

/** Hugging Face's description of the columns, in the footer's `huggingface` entry. */
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
