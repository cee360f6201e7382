import type { HostTensor } from '@medbench/core';
import { bicubicFilter } from '@medbench/data';

/** Side of a square grid of patches behind one class token. */
const sideOf = (positions: number): number => Math.sqrt(positions - 1);

/** Whether a table is one of a class token and a square grid, and can be resized to one of `positions`. */
export const isResizable = ({ shape }: HostTensor, positions: number): boolean =>
  shape.length === 2 && Number.isInteger(sideOf(shape[0]!)) && Number.isInteger(sideOf(positions));

/**
 * A table of positions for another image size: the class token's row as it is, the grid resized by anti-aliased bicubic
 * interpolation, as open_clip's `resize_pos_embed`. `[1 + g², W]` to `[positions, W]`.
 */
export function resizePositions({ shape, data }: HostTensor, positions: number): HostTensor {
  const width = shape[1]!;
  const from = sideOf(shape[0]!);
  const to = sideOf(positions);
  const { first, count, weights, size } = bicubicFilter(from, to);
  /** Sums rows of `width` numbers, `stride` rows apart, under the filter of one output. */
  const filtered = (values: Float32Array, base: number, stride: number, out: number): Float32Array => {
    const sum = new Float64Array(width);
    for (let k = 0; k < count[out]!; k++) {
      const weight = weights[out * size + k]!;
      const at = (base + (first[out]! + k) * stride) * width;
      for (let c = 0; c < width; c++) sum[c]! += weight * values[at + c]!;
    }
    return Float32Array.from(sum);
  };
  const grid = (data as Float32Array).subarray(width);
  const across = new Float32Array(from * to * width);
  for (let y = 0; y < from; y++) {
    for (let x = 0; x < to; x++) across.set(filtered(grid, y * from, 1, x), (y * to + x) * width);
  }
  const result = new Float32Array(positions * width);
  result.set(data.subarray(0, width) as Float32Array);
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) result.set(filtered(across, x, to, y), (1 + y * to + x) * width);
  }
  return { shape: [positions, width], dtype: 'float32', data: result };
}
