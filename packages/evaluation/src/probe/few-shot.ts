import { random } from '@medbench/core';
import type { LabelledFeatures } from './features.js';

/** Number of draws of few-shot examples whose scores are averaged. */
export const DRAWS = 3;

/**
 * Draws the indices of `shots` examples of each class, or of all its examples if there are fewer. The draw is the same
 * for every model of a seed.
 * @param part name of the split that the examples are drawn from, such as `train`.
 */
export function drawShots(
  labels: Int32Array,
  shots: number,
  { seed, draw, part }: { readonly seed: number; readonly draw: number; readonly part: string },
): Int32Array {
  const remaining = new Map<number, number>();
  const chosen: number[] = [];
  for (const i of random(seed, 'few-shot', part, shots, draw).permutation(labels.length)) {
    const room = remaining.get(labels[i]!) ?? shots;
    if (room === 0) continue;
    remaining.set(labels[i]!, room - 1);
    chosen.push(i);
  }
  return Int32Array.from(chosen).sort();
}

/** Indices of all rows except the excluded ones. */
export const indicesExcept = (rows: LabelledFeatures, excluded: Int32Array): Int32Array => {
  const excludedSet = new Set(excluded);
  return Int32Array.from(rows.labels.keys()).filter((i) => !excludedSet.has(i));
};
