import { CLIP_PREPROCESSING, type ImagePreprocessing, type RasterImage } from '@medbench/core';

/** Mean and standard deviation of each channel, in units of [0, 1]. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export const { mean: CLIP_MEAN, std: CLIP_STD } = CLIP_PREPROCESSING;
/** The normalisation of OpenAI's CLIP. */
export const CLIP_NORMALISATION: Normalisation = { mean: CLIP_MEAN, std: CLIP_STD };

/** Largest difference of two means or deviations that are written with other numbers of digits. */
const DIGITS = 1e-6;

/** Whether two preprocessings are the same, up to rounding of their numbers. */
export function samePreprocessing(a: ImagePreprocessing, b: ImagePreprocessing): boolean {
  const numbers = ({ mean, std, crop }: ImagePreprocessing): number[] => [...mean, ...std, crop];
  const others = numbers(b);
  return (
    a.interpolation === b.interpolation &&
    a.resize === b.resize &&
    numbers(a).every((value, i) => Math.abs(value - others[i]!) <= DIGITS)
  );
}

/** Writes a normalised image into `target` from element `offset` on. @throws RangeError if there is no room. */
export type ImageWriter = (image: RasterImage, target: Float32Array, offset: number) => void;

/**
 * Writes an image into `target` from element `offset` on, `[height, width, 3]`. Grey is written to all three channels.
 * `normalisedLevels` has the values that `normaliser` writes for these bytes.
 * @throws RangeError if there is no room.
 */
export function writeBytes({ width, height, data, channels }: RasterImage, target: Uint8Array, offset: number): void {
  const pixels = width * height;
  if (offset + pixels * 3 > target.length) throw new RangeError(`No room for ${pixels} pixels at ${offset}`);
  if (channels === 3) target.set(data, offset);
  else for (let i = 0, out = offset; i < pixels; i++, out += 3) target.fill(data[i]!, out, out + 3);
}

/**
 * Returns a writer of (value / 255 - mean) / std, `[height, width, 3]`: one example of an NHWC batch. Grey is written
 * to all three channels. The table of all 256 levels is made once, here: use the same writer for all images of a batch.
 */
export function normaliser({ mean, std }: Normalisation = CLIP_NORMALISATION): ImageWriter {
  const table = new Int32Array(normalisedLevels({ mean, std }).buffer);
  return ({ width, height, data, channels }, target, offset) => {
    const pixels = width * height;
    if (offset + pixels * 3 > target.length) throw new RangeError(`No room for ${pixels} pixels at ${offset}`);
    // Copy the floats as integers of the same bits: a copy without conversion takes half the time.
    const bits = new Int32Array(target.buffer, target.byteOffset + offset * 4, pixels * 3);
    if (channels === 3) writeColours(data, table, bits);
    else writeGreys(data, table, bits);
  };
}

function writeColours(data: Uint8Array, table: Int32Array, bits: Int32Array): void {
  for (let i = 0; i < bits.length; i += 3) {
    bits[i] = table[data[i]!]!;
    bits[i + 1] = table[256 + data[i + 1]!]!;
    bits[i + 2] = table[512 + data[i + 2]!]!;
  }
}

function writeGreys(data: Uint8Array, table: Int32Array, bits: Int32Array): void {
  for (let i = 0, out = 0; out < bits.length; i++, out += 3) {
    const value = data[i]!;
    bits[out] = table[value]!;
    bits[out + 1] = table[256 + value]!;
    bits[out + 2] = table[512 + value]!;
  }
}

/** The normalised value, (value / 255 - mean) / std, of each of 256 levels in each channel. `[3, 256]` */
export function normalisedLevels({ mean, std }: Normalisation = CLIP_NORMALISATION): Float32Array<ArrayBuffer> {
  const table = new Float32Array(3 * 256);
  for (let c = 0; c < 3; c++) {
    const factor = 1 / (255 * std[c]!);
    const shift = mean[c]! / std[c]!;
    for (let level = 0; level < 256; level++) table[c * 256 + level] = level * factor - shift;
  }
  return table;
}
