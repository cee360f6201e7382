import { describe, expect, it } from 'vitest';
import { drawShots } from './few-shot.js';

describe('drawShots', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 3 ? 2 : i % 2));
  const drawExamples = (shots: number, draw = 0, seed = 0) => drawShots(labels, shots, { seed, draw, part: 'train' });

  it.each([1, 4, 16])('takes %i examples of each class, and all examples of a smaller class', (shots) => {
    const counts = [0, 0, 0];
    for (const i of drawExamples(shots)) counts[labels[i]!]!++;
    expect(counts).toEqual([shots, shots, Math.min(3, shots)]);
    expect(new Set(drawExamples(shots)).size).toBe(drawExamples(shots).length);
  });

  it('draws the same examples for the same seed, and others for another draw or seed', () => {
    expect(drawExamples(4)).toEqual(drawExamples(4));
    expect(drawExamples(4, 1)).not.toEqual(drawExamples(4));
    expect(drawExamples(4, 0, 1)).not.toEqual(drawExamples(4));
  });
});
