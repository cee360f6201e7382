import type { RasterImage } from '@medbench/core';
import { type Levels, toLevels } from './levels.js';

/**
 * Adds to the value of hue, saturation and value (HSV), whose largest channel it is, and keeps hue and saturation. The
 * value is clipped to 1. Grey levels are shifted.
 */
export function brighten(image: RasterImage, shift: number): Levels {
  const levels = toLevels(image);
  const { data, channels } = levels;
  for (let i = 0; i < data.length; i += channels) {
    let value = 0;
    for (let c = 0; c < channels; c++) value = Math.max(value, data[i + c]!);
    const shifted = Math.min(1, value + shift);
    // Black has no hue: it becomes grey.
    for (let c = 0; c < channels; c++) data[i + c] = value === 0 ? shifted : (data[i + c]! / value) * shifted;
  }
  return levels;
}

/** Multiplies the distance of each level from the mean of its channel. */
export function lowerContrast(image: RasterImage, factor: number): Levels {
  const levels = toLevels(image);
  const { data, channels } = levels;
  for (let c = 0; c < channels; c++) {
    let mean = 0;
    for (let i = c; i < data.length; i += channels) mean += data[i]!;
    mean /= data.length / channels;
    for (let i = c; i < data.length; i += channels) data[i] = (data[i]! - mean) * factor + mean;
  }
  return levels;
}
