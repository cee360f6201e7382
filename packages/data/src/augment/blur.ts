import type { RasterImage } from '@medbench/core';

/** Fraction bits of Pillow's fixed point: the weights of a box add up to 2^24. */
const PRECISION_BITS = 24;
const PASSES = 3;

/**
 * A box filter with fractional ends: `reach` whole neighbours on either side of weight `weight`, then one of weight
 * `edge`.
 */
interface BoxFilter {
  readonly reach: number;
  readonly weight: number;
  readonly edge: number;
}

/**
 * Rounds to single precision, in which Pillow computes: a difference in the last digit moves some pixels by one level.
 */
const f = Math.fround;

/**
 * The box filter that, applied three times, has the variance of a Gaussian of `sigma` pixels (Gwosdek et al. 2011,
 * "Theoretical foundations of Gaussian convolution by extended box filtering"), in the fixed point of Pillow's
 * `BoxBlur.c`.
 */
function boxFor(sigma: number): BoxFilter {
  const single = f(sigma);
  const variance = f(f(single * single) / PASSES);
  const length = f(Math.sqrt(12 * variance + 1));
  const wholeRadius = Math.floor((length - 1) / 2);
  const numerator = f((2 * wholeRadius + 1) * f(wholeRadius * (wholeRadius + 1) - f(3 * variance)));
  const fraction = f(numerator / f(6 * f(variance - (wholeRadius + 1) * (wholeRadius + 1))));
  const radius = f(wholeRadius + fraction);
  const reach = Math.trunc(radius);
  const weight = Math.trunc(f(2 ** PRECISION_BITS / f(radius * 2 + 1)));
  return { reach, weight, edge: Math.trunc((2 ** PRECISION_BITS - (reach * 2 + 1) * weight) / 2) };
}

/**
 * Gaussian blur as in Pillow's `ImageFilter.GaussianBlur(sigma)`, which SimCLR and SLIP use: three passes of an
 * extended box along rows, then three along columns, rounded to 8 bits after each pass. Pixels beyond the edge take the
 * edge's value.
 * @param sigma Standard deviation in pixels; 0 returns the image itself.
 * @throws RangeError for a sigma that is negative, not a number, or 10,000 and more.
 */
export function gaussianBlur(image: RasterImage, sigma: number): RasterImage {
  if (!(sigma >= 0 && sigma < 1e4)) throw new RangeError(`A blur of ${sigma} pixels is not possible`);
  if (sigma === 0) return image;
  const { width, height, channels } = image;
  const box = boxFor(sigma);
  const data = image.data.slice();
  const line = new Uint8Array(Math.max(width, height));
  const result = new Uint8Array(line.length);
  const blurLines = (lines: number, length: number, lineStart: (index: number) => number, step: number): void => {
    for (let index = 0; index < lines; index++) {
      const start = lineStart(index);
      for (let i = 0, offset = start; i < length; i++, offset += step) line[i] = data[offset]!;
      blurLine(line, result, length, box);
      blurLine(result, line, length, box);
      blurLine(line, result, length, box);
      for (let i = 0, offset = start; i < length; i++, offset += step) data[offset] = result[i]!;
    }
  };
  const across = width * channels;
  // A line is one channel of one row, then one channel of one column.
  blurLines(height * channels, width, (i) => Math.floor(i / channels) * across + (i % channels), channels);
  blurLines(across, height, (i) => i, across);
  return { ...image, data };
}

/** One pass of the box over `length` samples. Sums stay below 2^32. */
function blurLine(from: Uint8Array, to: Uint8Array, length: number, { reach, weight, edge }: BoxFilter): void {
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
