import type { HostTensor } from '@medbench/core';
import { bicubicFilter } from '@medbench/data';

/** Rows before the square grid of patches: one of a class token, or none. */
function countPrefix(from: number, to: number): 0 | 1 | undefined {
  const isGrid = (rows: number): boolean => rows > 0 && Number.isInteger(Math.sqrt(rows));
  // Both sizes must agree: no number of rows is a square with and without a class token.
  return ([1, 0] as const).find((prefix) => isGrid(from - prefix) && isGrid(to - prefix));
}

/** Number of rows of a table of positions, `[N, W]` or `[1, N, W]`. */
export const countRows = (shape: readonly number[]): number => (shape.length === 3 ? shape[1]! : shape[0]!);

/** Sides of the grids of two numbers of rows; undefined if they have no square grid, or one of them has a class token. */
export function gridSides(from: number, to: number): readonly [number, number] | undefined {
  const prefix = countPrefix(from, to);
  return prefix === undefined ? undefined : [Math.sqrt(from - prefix), Math.sqrt(to - prefix)];
}

/** Whether a table has a square grid, after a class token or not, and can be resized to `positions` rows. */
export const isResizable = ({ shape }: HostTensor, positions: number): boolean =>
  (shape.length === 2 || (shape.length === 3 && shape[0] === 1)) &&
  gridSides(countRows(shape), positions) !== undefined;

/**
 * Resizes a table of positions to another image size, from `[g², W]` to `[positions, W]`, with or without the row of a
 * class token before the grid, which is unchanged. timm's tables have a leading axis of 1. The grid is resized by
 * anti-aliased bicubic interpolation, as in open_clip's `resize_pos_embed` and timm's `resample_abs_pos_embed`.
 * @throws RangeError if the tables are not resizable (`isResizable`).
 */
export function resizePositions({ shape, data }: HostTensor, positions: number): HostTensor {
  const width = shape.at(-1)!;
  const rows = countRows(shape);
  const sides = gridSides(rows, positions);
  if (!sides) throw new RangeError(`${rows} positions cannot be resized to ${positions}`);
  const [from, to] = sides;
  const prefix = rows - from ** 2;
  const { first, count, weights, size } = bicubicFilter(from, to);
  /** Weighted sum of rows of `width` numbers that lie `stride` rows apart, by the filter of one output row. */
  const filterRow = (values: Float32Array, base: number, stride: number, out: number): Float32Array => {
    const sum = new Float64Array(width);
    for (let k = 0; k < count[out]!; k++) {
      const weight = weights[out * size + k]!;
      const offset = (base + (first[out]! + k) * stride) * width;
      for (let c = 0; c < width; c++) sum[c]! += weight * values[offset + c]!;
    }
    return Float32Array.from(sum);
  };
  const grid = (data as Float32Array).subarray(prefix * width);
  const resizedRows = new Float32Array(from * to * width);
  for (let y = 0; y < from; y++) {
    for (let x = 0; x < to; x++) resizedRows.set(filterRow(grid, y * from, 1, x), (y * to + x) * width);
  }
  const result = new Float32Array(positions * width);
  result.set(data.subarray(0, prefix * width) as Float32Array);
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) result.set(filterRow(resizedRows, x, to, y), (prefix + y * to + x) * width);
  }
  return { shape: [...shape.slice(0, -2), positions, width], dtype: 'float32', data: result };
}
