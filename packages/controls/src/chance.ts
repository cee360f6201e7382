import { Control, type ControlContext, type EvaluationModel, type Matrix, random } from '@medbench/core';
import { fixedModel } from './fixed-model.js';

const WIDTH = 64;

/** Draws random unit rows, `[rows, 64]`, independent of the images or texts that they stand for. */
function directions(rows: number, seed: number, kind: string): Matrix {
  const stream = random(seed, 'chance', kind);
  const data = Float32Array.from({ length: rows * WIDTH }, () => stream.normal());
  for (let row = 0; row < rows; row++) {
    const vector = data.subarray(row * WIDTH, (row + 1) * WIDTH);
    const norm = Math.hypot(...vector);
    for (let j = 0; j < WIDTH; j++) vector[j]! /= norm;
  }
  return { rows, cols: WIDTH, data };
}

/**
 * Guesses every example at random and is measured like any other row. A figure whose interval includes that of chance
 * shows nothing.
 */
@Control({
  id: 'chance',
  title: 'Chance',
  protocols: ['zero-shot', 'prompt-sensitivity', 'zero-shot-corruptions', 'retrieval'],
  needsTowers: false,
  source: 'random directions for images and texts',
})
export class Chance implements Control {
  async model({ seed }: Pick<ControlContext, 'seed'>): Promise<EvaluationModel> {
    return fixedModel({
      id: 'chance',
      images: async ({ length }) => directions(length, seed, 'images'),
      texts: async ({ length }) => directions(length, seed, 'texts'),
    });
  }
}
