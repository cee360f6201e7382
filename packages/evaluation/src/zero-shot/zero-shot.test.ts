import type { EvaluationModel } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { argMax, logOdds, softmax } from '../metrics/scores.js';
import { classTexts, zeroShotLogits, zeroShotWeights } from './zero-shot.js';

const vectors: Record<string, readonly [number, number]> = {
  'a x': [3, 0],
  'b x': [0, 5],
  'a y': [0, -1],
  'b y': [0, -2],
};
const model = {
  id: 'by-hand',
  embedTexts: async (texts: readonly string[]) => ({
    rows: texts.length,
    cols: 2,
    data: Float32Array.from(texts.flatMap((text) => vectors[text]!)),
  }),
} as unknown as EvaluationModel;

describe('zero-shot', () => {
  it('normalises every text embedding, then the mean of each class', async () => {
    const weights = await zeroShotWeights(model, classTexts(['a {}', 'b {}'], ['x', 'y']));
    // The lengths of the text embeddings do not matter: the mean of (1, 0) and (0, 1) lies at 45 degrees.
    [Math.SQRT1_2, Math.SQRT1_2, 0, -1].forEach((value, i) => {
      expect(weights.data[i]).toBeCloseTo(value, 6);
    });
  });

  it('accepts prompts as templates or as a function', () => {
    expect(classTexts((phrase) => `a ${phrase}`, ['x', 'y'])).toEqual([['a x'], ['a y']]);
    expect(() => classTexts([], ['x'])).toThrow('class "x" has no prompt');
  });

  it('takes the lowest class index among equal similarities', () => {
    const row = Float32Array.of(0.6, 0.8);
    const weights = { rows: 5, cols: 2, data: Float32Array.from([1, 0, ...row, ...row, ...row, ...row]) };
    const logits = zeroShotLogits({ rows: 1, cols: 2, data: row }, weights, 100);
    expect([...argMax(logits, 5)]).toEqual([1]);
    expect(logits[1]).toBeCloseTo(100, 5);
  });

  it('keeps the order of probabilities that round to 1 by log odds', () => {
    const logits = Float64Array.of(100, 0, 90, 0);
    expect(softmax(logits, 2)[0]).toBe(softmax(logits, 2)[2]);
    const odds = logOdds(logits, 2);
    expect([...odds]).toEqual([100, -100, 90, -90]);
    const three = Float64Array.of(1, 2, 0.5);
    softmax(three, 3).forEach((p, k) => {
      expect(logOdds(three, 3)[k]).toBeCloseTo(Math.log(p / (1 - p)), 12);
    });
  });
});
