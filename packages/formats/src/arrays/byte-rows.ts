import { elementCount } from '@medbench/core';

/** An array of unsigned bytes in a file, of which rows are read on demand. */
export interface ByteRows {
  readonly shape: readonly number[];
  /** `count` rows from `start` on, C order. @throws RangeError beyond the rows; MedbenchError('data') for a damaged file. */
  rows(start: number, count: number): Promise<Uint8Array>;
  /** Ends the use of the file at once; it is closed by itself when nothing reads it. */
  close(): void;
}

/** Bytes of a read at most, so that a hostile header allocates nothing. */
export const MAX_READ = 2 ** 30;

/** Bytes of a row of an array of this shape. */
export const rowSize = (shape: readonly number[]): number => elementCount(shape.slice(1));

/** @throws RangeError if not all of the rows are there. */
export function checkRows(start: number, count: number, length: number): void {
  if (Number.isInteger(start) && start >= 0 && count >= 0 && start + count <= length) return;
  throw new RangeError(`No rows ${start} to ${start + count} among ${length}`);
}

/** @throws RangeError if the rows take more than one read may. */
export function checkRead(count: number, width: number): void {
  if (count * width > MAX_READ) throw new RangeError(`${count} rows of ${width} bytes are too many for one read`);
}
