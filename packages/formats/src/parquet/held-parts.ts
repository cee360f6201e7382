import type { ByteStore } from '../files/byte-store.js';
import { footerLength, type HeldParts, type ParquetFooter } from './decode.js';

/** The library reads chunks of chosen columns together across at most this many bytes; those of all columns across more. */
const GAP = 8192;
const GAP_OF_ALL = 2 ** 21;

/** Bytes that are read of a file's end: enough for most footers. */
const TAIL = 64 * 1024;

type Range = readonly [start: number, end: number];

/** Reads what is needed of a file for its footer. @throws as `store.read`; Error if the footer cannot be as long as it says. */
export async function holdFooter(store: ByteStore, file: string): Promise<HeldParts> {
  const { size, stamp } = await store.stamp(file);
  const from = Math.max(0, size - TAIL);
  const tail = await store.read(file, from, size - from, stamp);
  if (size < 12) return { size, stamp, parts: [{ start: from, bytes: tail }] };
  const start = size - 8 - footerLength(tail.subarray(tail.length - 8), size);
  const ranges: Range[] = [
    [0, 4],
    [Math.min(start, from), size],
  ];
  return { size, stamp, parts: await readRanges(store, file, ranges, stamp) };
}

/** Adds to the parts of a file's footer those of a group's columns. @param columns Default: all. */
export async function holdGroup(
  store: ByteStore,
  file: string,
  footer: HeldParts,
  { chunks }: ParquetFooter['groups'][number],
  columns?: readonly string[],
): Promise<HeldParts> {
  const wanted = chunks.filter(([column]) => !columns || columns.includes(column));
  const ranges = merge(
    wanted.map(([, start, end]): Range => [start, end]),
    columns ? GAP : GAP_OF_ALL,
  );
  return { ...footer, parts: [...footer.parts, ...(await readRanges(store, file, ranges, footer.stamp))] };
}

const readRanges = (store: ByteStore, file: string, ranges: readonly Range[], stamp: string) =>
  Promise.all(
    ranges.map(async ([start, end]) => ({ start, bytes: await store.read(file, start, end - start, stamp) })),
  );

/** Joins ranges that at most `gap` bytes lie between. */
function merge(ranges: readonly Range[], gap: number): Range[] {
  const merged: [number, number][] = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1] + gap) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}
