import type { HostTensor } from '@medbench/core';
import { bicubicFilter } from '@medbench/data';

/** Side of the square grid of patches that follows one class token. */
const gridSide = (positions: number): number => Math.sqrt(positions - 1);

/** Whether a table has a class token and a square grid, and can be resized to `positions` rows. */
export const isResizable = ({ shape }: HostTensor, positions: number): boolean =>
  shape.length === 2 && Number.isInteger(gridSide(shape[0]!)) && Number.isInteger(gridSide(positions));

/**
 * Resizes a table of positions to another image size, from `[1 + g², W]` to `[positions, W]`. The row of the class
 * token is unchanged. The grid is resized by anti-aliased bicubic interpolation, as in open_clip's `resize_pos_embed`.
 */
export function resizePositions({ shape, data }: HostTensor, positions: number): HostTensor {
  const width = shape[1]!;
  const from = gridSide(shape[0]!);
  const to = gridSide(positions);
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
  const grid = (data as Float32Array).subarray(width);
  const resizedRows = new Float32Array(from * to * width);
  for (let y = 0; y < from; y++) {
    for (let x = 0; x < to; x++) resizedRows.set(filterRow(grid, y * from, 1, x), (y * to + x) * width);
  }
  const result = new Float32Array(positions * width);
  result.set(data.subarray(0, width) as Float32Array);
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) result.set(filterRow(resizedRows, x, to, y), (1 + y * to + x) * width);
  }
  return { shape: [positions, width], dtype: 'float32', data: result };
}
