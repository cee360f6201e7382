import { describe, expect, it } from 'vitest';
import { halvingSteps, planRungs, survivors } from './halving.js';

describe('planRungs', () => {
  it('ends with one candidate and all steps, with a first rung as long as two fifths of the grid allow', () => {
    // 4 a + b + 270 <= 0.4 * 6 * 270, with b * b = 270 a as far as whole steps go: a = 62.1, b = 129.5.
    expect(planRungs(6, 270, 3)).toEqual([
      { candidates: 6, steps: 62 },
      { candidates: 2, steps: 130 },
      { candidates: 1, steps: 270 },
    ]);
    // 2 a + 100 = 0.5 * 3 * 100.
    expect(planRungs(3, 100, 3, 0.5)).toEqual([
      { candidates: 3, steps: 25 },
      { candidates: 1, steps: 100 },
    ]);
    expect(planRungs(8, 800, 2).map(({ candidates }) => candidates)).toEqual([8, 4, 2, 1]);
  });

  it('grows by eta if two fifths do not suffice for the last candidate', () => {
    expect(planRungs(2, 90, 3)).toEqual([
      { candidates: 2, steps: 30 },
      { candidates: 1, steps: 90 },
    ]);
  });

  it.each([
    [6, 3],
    [7, 3],
    [8, 2],
    [9, 3],
    [27, 3],
  ])('takes two fifths of the grid of %i values with eta %i, and not more', (values, eta) => {
    const steps = 900;
    const share = halvingSteps(planRungs(values, steps, eta)) / (values * steps);
    expect(share).toBeLessThanOrEqual(0.4);
    expect(share).toBeGreaterThan(0.395);
  });

  it('counts the steps of a rung without those of the previous rung', () => {
    // Six times 62, then two times 68 more, then 140 more.
    expect(halvingSteps(planRungs(6, 270, 3))).toBe(6 * 62 + 2 * 68 + 140);
  });

  it('drops rungs that add no step', () => {
    expect(planRungs(6, 3, 3)).toEqual([
      { candidates: 2, steps: 1 },
      { candidates: 1, steps: 3 },
    ]);
    expect(planRungs(1, 10, 3)).toEqual([{ candidates: 1, steps: 10 }]);
  });
});

describe('survivors', () => {
  const standings = [0.1, 0.3, 1, 3].map((value, i) => ({ value, figure: [0.5, 0.7, 0.7, Number.NaN][i]! }));
  it('keeps the best values, the smaller among equals, and those without a figure last', () => {
    expect(survivors(standings, 2)).toEqual([0.3, 1]);
    expect(survivors(standings, 1)).toEqual([0.3]);
    expect(survivors(standings, 4)).toEqual([0.1, 0.3, 1, 3]);
  });
});
