import type { RasterImage } from '@medbench/core';

/** Pillow's fixed point: weights of a box add up to 2^24. */
const PRECISION_BITS = 24;
const PASSES = 3;

/** A box whose ends count in part: `reach` whole neighbours on either side, and one more of weight `edge`. */
interface Box {
  readonly reach: number;
  readonly weight: number;
  readonly edge: number;
}

/** Single precision, in which Pillow reckons: a last digit moves some pixels by one level. */
const f = Math.fround;

/**
 * The box that, passed three times, has the variance of a Gaussian of `sigma` pixels (Gwosdek et al. 2011, "Theoretical
 * foundations of Gaussian convolution by extended box filtering"), in the fixed point of Pillow's `BoxBlur.c`.
 */
function boxFor(sigma: number): Box {
  const single = f(sigma);
  const variance = f(f(single * single) / PASSES);
  const length = f(Math.sqrt(12 * variance + 1));
  const whole = Math.floor((length - 1) / 2);
  const numerator = f((2 * whole + 1) * f(whole * (whole + 1) - f(3 * variance)));
  const part = f(numerator / f(6 * f(variance - (whole + 1) * (whole + 1))));
  const radius = f(whole + part);
  const reach = Math.trunc(radius);
  const weight = Math.trunc(f(2 ** PRECISION_BITS / f(radius * 2 + 1)));
  return { reach, weight, edge: Math.trunc((2 ** PRECISION_BITS - (reach * 2 + 1) * weight) / 2) };
}

/**
 * Gaussian blur as Pillow's `ImageFilter.GaussianBlur(sigma)`, which SimCLR and SLIP use: three passes of an extended
 * box along rows, then three along columns, rounded to 8 bits after each; beyond the edge lies the edge's own value.
 * @param sigma Standard deviation in pixels; 0 gives the same image.
 * @throws RangeError for a negative sigma, or none.
 */
export function gaussianBlur(image: RasterImage, sigma: number): RasterImage {
  if (!(sigma >= 0 && sigma < 1e4)) throw new RangeError(`A blur of ${sigma} pixels is not possible`);
  if (sigma === 0) return image;
  const { width, height, channels } = image;
  const box = boxFor(sigma);
  const data = image.data.slice();
  const line = new Uint8Array(Math.max(width, height));
  const result = new Uint8Array(line.length);
  const blurLines = (lines: number, length: number, startOf: (index: number) => number, step: number): void => {
    for (let index = 0; index < lines; index++) {
      const start = startOf(index);
      for (let i = 0, at = start; i < length; i++, at += step) line[i] = data[at]!;
      blurLine(line, result, length, box);
      blurLine(result, line, length, box);
      blurLine(line, result, length, box);
      for (let i = 0, at = start; i < length; i++, at += step) data[at] = result[i]!;
    }
  };
  const across = width * channels;
  // A line is one channel of one row, then one channel of one column.
  blurLines(height * channels, width, (i) => Math.floor(i / channels) * across + (i % channels), channels);
  blurLines(across, height, (i) => i, across);
  return { ...image, data };
}

/** One pass over `length` samples. Sums stay below 2^32. */
function blurLine(from: Uint8Array, to: Uint8Array, length: number, { reach, weight, edge }: Box): void {
  const last = length - 1;
  const half = 1 << (PRECISION_BITS - 1);
  let sum = 0;
  for (let k = -reach; k <= reach; k++) sum += from[k < 0 ? 0 : Math.min(k, last)]!;
  for (let i = 0; i < length; i++) {
    const before = i - reach - 1;
    const after = i + reach + 1;
    const left = from[Math.max(before, 0)]!;
    const right = from[Math.min(after, last)]!;
    to[i] = (Math.imul(sum, weight) + Math.imul(left + right, edge) + half) >>> PRECISION_BITS;
    const leaving = i - reach;
    sum += right - from[Math.max(leaving, 0)]!;
  }
}
