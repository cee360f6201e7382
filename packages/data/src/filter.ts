// Filters of Pillow's resampling, in floating point and in the fixed point that Pillow uses for 8-bit samples.
import type { CropBox } from './crop.js';

/**
 * Fraction bits of Pillow's fixed point for 8-bit samples: 32 bits less 8 of sample and 2 of head room (`Resample.c`).
 */
export const PRECISION_BITS = 32 - 8 - 2;

/**
 * A filter for some of the outputs in turn. The i-th of them weighs the inputs `[first[i], first[i] + count[i])` by
 * `weights` from index `i * size` on.
 */
export interface ResampleFilter<Values = Float64Array> {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Values;
  readonly size: number;
}

/** How a part of an image is resampled: rows by one filter, then columns by another. */
export interface Resampling {
  /** The part of the image that the filters weigh. */
  readonly box: CropBox;
  /** The filter of rows, whose inputs count from the box's first column; undefined if columns are kept as they are. */
  readonly across: ResampleFilter<Int32Array> | undefined;
  /** The filter of columns, whose inputs count from the box's first row; undefined if rows are kept as they are. */
  readonly down: ResampleFilter<Int32Array> | undefined;
}

/** Outputs from `start` on, `length` of them. */
export interface OutputRange {
  readonly start: number;
  readonly length: number;
}

/** The kernels that images are resampled with. */
export type ResampleKernel = 'bicubic' | 'bilinear' | 'box';

/** Keys' cubic with a = -1/2, evaluated in Pillow's order of operations. */
function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

/** The kernels by name: half their width in samples, and their values. */
const KERNELS = {
  bicubic: { radius: 2, evaluate: bicubic },
  bilinear: { radius: 1, evaluate: (x: number): number => Math.max(0, 1 - Math.abs(x)) },
  box: { radius: 0.5, evaluate: (x: number): number => (x > -0.5 && x <= 0.5 ? 1 : 0) },
} as const;

/** `resampleFilter` of the bicubic kernel. */
export const bicubicFilter = (inSize: number, outSize: number): ResampleFilter =>
  resampleFilter(inSize, outSize, 'bicubic');

/**
 * The anti-aliased filter of a kernel from `inSize` to `outSize` samples; the weights of each output add up to 1. Equal
 * to Pillow's (`precompute_coeffs` of `Resample.c`) and to PyTorch's `interpolate(antialias=True)` of the same mode.
 * @param range the outputs to compute. Default: all.
 */
export function resampleFilter(
  inSize: number,
  outSize: number,
  kernel: ResampleKernel,
  { start, length }: OutputRange = { start: 0, length: outSize },
): ResampleFilter {
  const { radius, evaluate } = KERNELS[kernel];
  const scale = inSize / outSize;
  const stretch = Math.max(scale, 1);
  const support = radius * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Float64Array(length * size);
  for (let out = 0; out < length; out++) {
    const centre = (start + out + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const n = Math.min(inSize, Math.trunc(centre + support + 0.5)) - from;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const weight = evaluate((i + from - centre + 0.5) * (1 / stretch));
      weights[out * size + i] = weight;
      sum += weight;
    }
    if (sum !== 0) for (let i = 0; i < n; i++) weights[out * size + i]! /= sum;
    first[out] = from;
    count[out] = n;
  }
  return { first, count, weights, size };
}

/** The filter of a kernel in fixed point (`normalize_coeffs_8bpc`). */
export function fixedFilter(
  inSize: number,
  outSize: number,
  kernel: ResampleKernel,
  range?: OutputRange,
): ResampleFilter<Int32Array> {
  const filter = resampleFilter(inSize, outSize, kernel, range);
  const weights = new Int32Array(filter.weights.length);
  // A loop, because `Int32Array.from` with a function takes longer than the resampling itself.
  for (let i = 0; i < weights.length; i++) {
    const scaled = filter.weights[i]! * (1 << PRECISION_BITS);
    weights[i] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  }
  return { ...filter, weights };
}

/** How the part `box` of an image is resized to `width * height` as if it had been cut out first. */
export const boxResampling = (
  box: CropBox,
  width: number,
  height: number,
  kernel: ResampleKernel = 'bicubic',
): Resampling => ({
  box,
  across: width === box.width ? undefined : fixedFilter(box.width, width, kernel),
  down: height === box.height ? undefined : fixedFilter(box.height, height, kernel),
});

/** How the part `part` of an image of `size` is made when the image is resized to `width * height`. */
export function partResampling(
  size: Pick<CropBox, 'width' | 'height'>,
  width: number,
  height: number,
  part: CropBox,
  kernel: ResampleKernel = 'bicubic',
): Resampling {
  const columns = partFilter(size.width, width, kernel, { start: part.x, length: part.width });
  const rows = partFilter(size.height, height, kernel, { start: part.y, length: part.height });
  return {
    box: { x: columns.start, y: rows.start, width: columns.length, height: rows.length },
    across: columns.filter,
    down: rows.filter,
  };
}

/** The inputs that outputs are made from, and the filter, whose inputs count from the first of these. */
function partFilter(inSize: number, outSize: number, kernel: ResampleKernel, range: OutputRange) {
  if (inSize === outSize) return { ...range, filter: undefined };
  const filter = fixedFilter(inSize, outSize, kernel, range);
  const start = filter.first[0]!;
  const length = filter.first.at(-1)! + filter.count.at(-1)! - start;
  return { start, length, filter: { ...filter, first: filter.first.map((input) => input - start) } };
}
