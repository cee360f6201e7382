import { describe, expect, it } from 'vitest';
import { balancedScores, rarePart } from './balanced-scores.js';

/** Ten examples of a common class, four of rare class 1 (one right), two of rare class 2 (both right). */
const labels = Int32Array.of(...new Array(10).fill(0), 1, 1, 1, 1, 2, 2);
const right = [...new Array(5).fill(1), ...new Array(5).fill(0), 1, 0, 0, 0, 1, 1];
const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;

describe('balancedScores', () => {
  it('returns scores whose mean is the balanced accuracy', () => {
    expect(mean(balancedScores(right, labels))).toBeCloseTo((5 / 10 + 1 / 4 + 2 / 2) / 3, 12);
  });
});

describe('rarePart', () => {
  it('scores the rare examples so that their mean is the mean recall of their classes', () => {
    const part = rarePart(right, labels, [1, 2])!;
    expect(part.examples).toEqual([10, 11, 12, 13, 14, 15]);
    expect(mean(part.scores)).toBeCloseTo((1 / 4 + 2 / 2) / 2, 12);
  });

  it('keeps scores of 0 and 1 if one class is rare', () => {
    expect(rarePart(right, labels, [1])!.scores).toEqual([1, 0, 0, 0]);
  });

  it('is undefined if no class is rare', () => expect(rarePart(right, labels, [])).toBeUndefined());
});
