import { elementCount } from '@medbench/core';

/** An array of unsigned bytes in a file, whose rows are read on demand. */
export interface ByteRows {
  readonly shape: readonly number[];
  /**
   * Reads `count` rows from `start` on, C order. @throws RangeError beyond the rows; MedbenchError('data') for a
   * damaged file.
   */
  rows(start: number, count: number): Promise<Uint8Array>;
  /** Closes the file at once. A file that nothing reads is also closed by itself. */
  close(): void;
}

/** Maximum bytes of one read, so that a hostile header cannot allocate more. */
export const MAX_READ = 2 ** 30;

/** Bytes of one row of an array of this shape. */
export const rowSize = (shape: readonly number[]): number => elementCount(shape.slice(1));

/** Checks a range of rows. @throws RangeError if any of the rows does not exist. */
export function checkRows(start: number, count: number, length: number): void {
  if (Number.isInteger(start) && start >= 0 && count >= 0 && start + count <= length) return;
  throw new RangeError(`No rows ${start} to ${start + count} among ${length}`);
}

/** Checks the size of a read. @throws RangeError if the rows take more bytes than one read may. */
export function checkRead(count: number, width: number): void {
  if (count * width > MAX_READ) throw new RangeError(`${count} rows of ${width} bytes are too many for one read`);
}
