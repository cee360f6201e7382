import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { comparePaired, holm, mcnemar } from './compare.js';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/compare.json', import.meta.url), 'utf8')) as {
  mcnemar: [number, number, number][];
};
const discordant = (onlyFirst: number, onlySecond: number) => ({
  first: [1, 0, ...new Array<number>(onlyFirst).fill(1), ...new Array<number>(onlySecond).fill(0)],
  second: [1, 0, ...new Array<number>(onlyFirst).fill(0), ...new Array<number>(onlySecond).fill(1)],
});

describe('paired tests', () => {
  it.each(fixture.mcnemar)('McNemar with %i and %i discordant equals the exact binomial test', (b, c, p) => {
    const { first, second } = discordant(b, c);
    const result = mcnemar(first, second);
    expect(result).toMatchObject({ onlyFirst: b, onlySecond: c });
    expect(result.pValue).toBeCloseTo(p, 9);
  });

  it('finds no difference without discordant examples', () => {
    expect(mcnemar([1, 0, 1], [1, 0, 1]).pValue).toBe(1);
    expect(comparePaired([0.5, 1], [0.5, 1], { seed: 0 })).toEqual({
      difference: 0,
      ci95: [0, 0],
      pValue: 1,
      test: 'sign-flip',
    });
  });

  it('tests scores between 0 and 1 by sign flips, in agreement with McNemar where both apply', () => {
    const { first, second } = discordant(5, 15);
    const exact = comparePaired(first, second, { seed: 0 });
    expect(exact).toMatchObject({ test: 'mcnemar-exact', difference: -10 / 22 });
    expect(exact.ci95[1]).toBeLessThan(0);
    const halves = comparePaired([...first, 0.5], [...second, 0.5], { seed: 0 });
    expect(halves.test).toBe('sign-flip');
    expect(Math.abs(halves.pValue - exact.pValue)).toBeLessThan(0.006);
  });

  it('refuses results of different test sets and, for McNemar, scores between 0 and 1', () => {
    expect(() => comparePaired([1], [1, 0], { seed: 0 })).toThrow(/1 and 2 test examples/);
    expect(() => mcnemar([0.5], [1])).toThrow(/McNemar/);
  });

  it('adjusts by Holm', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
      expect(adjusted[i]).toBeCloseTo(p, 12);
    });
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});
