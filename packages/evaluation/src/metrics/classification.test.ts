import { expect, it } from 'vitest';
import { summarizeClassification } from './classification.js';

/** The square of the normal quantile of a 95 % interval. */
const Z2 = 1.959963984540054 ** 2;

it('gives proportions without variance the Wilson interval of their own examples', () => {
  // 40 examples of class a, all right; 12 of class b, all predicted as a.
  const labels = Int32Array.from({ length: 52 }, (_, i) => (i < 40 ? 0 : 1));
  const logits = Float64Array.from({ length: 104 }, (_, i) => (i % 2 === 0 ? 2 : 0));
  const { metrics } = summarizeClassification(logits, labels, ['a', 'b'], { seed: 0, rare: [1] });
  // Closed form for a share of 1 or 0 among n: [n / (n + z²), 1] or [0, z² / (n + z²)].
  const right = metrics.recall_a!;
  expect(right.value).toBe(1);
  expect(right.ci95[0]).toBeCloseTo(40 / (40 + Z2), 12);
  expect(right.ci95[1]).toBeCloseTo(1, 12);
  for (const wrong of [metrics.recall_b!, metrics.rare_recall!]) {
    expect(wrong.value).toBe(0);
    expect(wrong.ci95[0]).toBeCloseTo(0, 12);
    expect(wrong.ci95[1]).toBeCloseTo(Z2 / (12 + Z2), 12);
  }
  expect(metrics.accuracy!.value).toBeCloseTo(40 / 52, 12);
});
