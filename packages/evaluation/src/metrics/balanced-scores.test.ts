import { describe, expect, it } from 'vitest';
import { balancedScores, rarePart } from './balanced-scores.js';

/** Ten common, four of rare 1 (one right), two of rare 2 (both right). */
const labels = Int32Array.of(...new Array(10).fill(0), 1, 1, 1, 1, 2, 2);
const right = [...new Array(5).fill(1), ...new Array(5).fill(0), 1, 0, 0, 0, 1, 1];
const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;

describe('balancedScores', () => {
  it('have the balanced accuracy for their mean', () => {
    expect(mean(balancedScores(right, labels))).toBeCloseTo((5 / 10 + 1 / 4 + 2 / 2) / 3, 12);
  });
});

describe('rarePart', () => {
  it('scores the rare examples so that their mean is the mean recall of their classes', () => {
    const part = rarePart(right, labels, [1, 2])!;
    expect(part.examples).toEqual([10, 11, 12, 13, 14, 15]);
    expect(mean(part.scores)).toBeCloseTo((1 / 4 + 2 / 2) / 2, 12);
  });

  it('keeps right and wrong where one class is rare', () => {
    expect(rarePart(right, labels, [1])!.scores).toEqual([1, 0, 0, 0]);
  });

  it('is nothing where no class is rare', () => expect(rarePart(right, labels, [])).toBeUndefined());
});
