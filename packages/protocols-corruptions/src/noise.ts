import type { RasterImage } from '@medbench/core';
import { type Levels, toLevels } from './levels.js';

/** Adds `deviation` times a standard normal number to each level. @param draw the next of these numbers. */
export function gaussianNoise(image: RasterImage, deviation: number, draw: () => number): Levels {
  const levels = toLevels(image);
  for (let i = 0; i < levels.data.length; i++) levels.data[i]! += deviation * draw();
  return levels;
}

/** Cumulative probabilities of a Poisson distribution, until they no longer grow. */
function poissonTable(mean: number): readonly number[] {
  let probability = Math.exp(-mean);
  const cumulative = [probability];
  for (let k = 1; ; k++) {
    probability *= mean / k;
    const next = cumulative.at(-1)! + probability;
    // Beyond the mean, probabilities fall: one that changes nothing is the last that could.
    if (k > mean && next === cumulative.at(-1)) return cumulative;
    cumulative.push(next);
  }
}

/**
 * Replaces each level x by a Poisson number of mean `photons * x`, over `photons`. The number is the smallest one whose
 * cumulative probability reaches a uniform draw. @param draw the next uniform number in [0, 1).
 */
export function shotNoise(image: RasterImage, photons: number, draw: () => number): Levels {
  const tables: (readonly number[] | undefined)[] = [];
  const count = (level: number): number => {
    tables[level] ??= poissonTable((photons * level) / 255);
    const table = tables[level]!;
    const uniform = draw();
    const first = table.findIndex((cumulative) => cumulative >= uniform);
    return first < 0 ? table.length : first;
  };
  return { ...image, data: Float64Array.from(image.data, (level) => count(level) / photons) };
}
