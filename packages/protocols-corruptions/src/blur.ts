import type { RasterImage } from '@medbench/core';
import { type Levels, toLevels } from './levels.js';

/** One entry of a kernel that is not zero, and where it reads from, relative to the pixel that it helps to make. */
export interface Tap {
  readonly dx: number;
  readonly dy: number;
  readonly weight: number;
}

/** How pixels beyond the border are read: the last pixel again, or the image mirrored at the middle of the last pixel. */
type Border = 'nearest' | 'mirror';

/** Index inside `0…size-1` that stands for each index from `-reach` to `size - 1 + reach`. */
function borderIndices(size: number, reach: number, border: Border): Int32Array {
  const period = Math.max(1, 2 * size - 2);
  return Int32Array.from({ length: size + 2 * reach }, (_, i) => {
    const index = i - reach;
    if (border === 'nearest') return Math.min(size - 1, Math.max(0, index));
    const folded = ((index % period) + period) % period;
    return folded < size ? folded : period - folded;
  });
}

/** Sums each pixel's neighbours, weighted by the taps. */
export function applyTaps(image: Levels, taps: readonly Tap[], border: Border): Levels {
  const { width, height, channels, data } = image;
  const reach = taps.reduce((far, { dx, dy }) => Math.max(far, Math.abs(dx), Math.abs(dy)), 0);
  const columns = borderIndices(width, reach, border);
  const rows = borderIndices(height, reach, border);
  const result = new Float64Array(data.length);
  for (const { dx, dy, weight } of taps) {
    for (let y = 0; y < height; y++) {
      const from = rows[y + dy + reach]! * width;
      for (let x = 0; x < width; x++) {
        const source = (from + columns[x + dx + reach]!) * channels;
        const target = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) result[target + c]! += weight * data[source + c]!;
      }
    }
  }
  return { ...image, data: result };
}

/** Weights of a Gaussian at -reach…reach, of sum 1. */
function gaussianWeights(sigma: number, reach: number): number[] {
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The kernel of a lens out of focus: a disc of the given radius in pixels, of sum 1, whose edge is softened by a Gaussian
 * of `softness` pixels. The Gaussian reaches one pixel, two beyond a radius of 8.
 */
export function discTaps(radius: number, softness: number): Tap[] {
  const half = Math.max(8, Math.ceil(radius));
  const side = 2 * half + 1;
  const disc = new Float64Array(side * side);
  for (let y = -half; y <= half; y++)
    for (let x = -half; x <= half; x++) if (x * x + y * y <= radius * radius) disc[(y + half) * side + x + half] = 1;
  const area = disc.reduce((sum, weight) => sum + weight, 0);
  const reach = radius <= 8 ? 1 : 2;
  const edge = gaussianWeights(softness, reach);
  const softening = edge.flatMap((a, y) => edge.map((b, x) => ({ dx: x - reach, dy: y - reach, weight: a * b })));
  const { data } = applyTaps({ width: side, height: side, channels: 1, data: disc }, softening, 'mirror');
  return Array.from(data, (weight, i) => ({
    dx: (i % side) - half,
    dy: Math.floor(i / side) - half,
    weight: weight / area,
  })).filter(({ weight }) => weight !== 0);
}

/** Blurs as a lens out of focus does. See `discTaps`. */
export const defocusBlur = (image: RasterImage, radius: number, softness: number): Levels =>
  applyTaps(toLevels(image), discTaps(radius, softness), 'mirror');

/**
 * The kernel of a camera or a patient that moves: `2 radius + 1` steps of one pixel in direction `angle` (in degrees,
 * from the x axis towards the upper edge), weighted by one side of a Gaussian, of sum 1.
 */
export function motionTaps(radius: number, sigma: number, angle: number): Tap[] {
  const steps = 2 * radius + 1;
  const weights = Array.from({ length: steps }, (_, i) => Math.exp(-(i ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const [sin, cos] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
  return weights.map((weight, i) => ({
    dx: Math.ceil(i * cos - 0.5),
    dy: Math.ceil(i * sin - 0.5),
    weight: weight / sum,
  }));
}

/** Blurs along a line. See `motionTaps`. */
export const motionBlur = (image: RasterImage, radius: number, sigma: number, angle: number): Levels =>
  applyTaps(toLevels(image), motionTaps(radius, sigma, angle), 'nearest');
