import { describe, expect, it } from 'vitest';
import { costOf, rungsOf, survivors } from './halving.js';

describe('rungsOf', () => {
  it('ends with one candidate and all steps, each rung costing about the same', () => {
    expect(rungsOf(6, 270, 3)).toEqual([
      { candidates: 6, steps: 30 },
      { candidates: 2, steps: 90 },
      { candidates: 1, steps: 270 },
    ]);
    expect(rungsOf(8, 800, 2).map(({ candidates, steps }) => [candidates, steps])).toEqual([
      [8, 100],
      [4, 200],
      [2, 400],
      [1, 800],
    ]);
  });

  it.each([
    [6, 3],
    [7, 3],
    [8, 2],
    [9, 3],
    [27, 3],
  ])('costs at most two fifths of the grid of %i values with eta %i', (values, eta) => {
    const steps = 900;
    expect(costOf(rungsOf(values, steps, eta))).toBeLessThanOrEqual(0.4 * values * steps);
  });

  it('counts what is trained, not what was trained before', () => {
    // Six times 30, then two times 60 more, then 180 more.
    expect(costOf(rungsOf(6, 270, 3))).toBe(6 * 30 + 2 * 60 + 180);
  });

  it('has no rung that adds no step', () => {
    expect(rungsOf(6, 3, 3)).toEqual([
      { candidates: 2, steps: 1 },
      { candidates: 1, steps: 3 },
    ]);
    expect(rungsOf(1, 10, 3)).toEqual([{ candidates: 1, steps: 10 }]);
  });
});

describe('survivors', () => {
  const standings = [0.1, 0.3, 1, 3].map((value, i) => ({ value, figure: [0.5, 0.7, 0.7, Number.NaN][i]! }));
  it('keeps the best, of equals the smaller, what has no figure last', () => {
    expect(survivors(standings, 2)).toEqual([0.3, 1]);
    expect(survivors(standings, 1)).toEqual([0.3]);
    expect(survivors(standings, 4)).toEqual([0.1, 0.3, 1, 3]);
  });
});
