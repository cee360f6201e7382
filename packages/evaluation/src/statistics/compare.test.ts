import { readFileSync } from 'node:fs';
import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { mcnemar } from './compare.js';
import { compareTwo } from './compare-rows.js';
import { holm } from './holm.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/compare.json', import.meta.url), 'utf8')) as {
  mcnemar: [number, number, number][];
};
const makeRow = (id: string, perExample: readonly number[]) => ({
  id,
  control: false,
  seeds: [{ seed: 0, value: 0, perExample }],
});
const compare = (a: readonly number[], b: readonly number[], groups?: readonly number[]) =>
  compareTwo(makeRow('a', a), makeRow('b', b), groups);
const discordant = (onlyFirst: number, onlySecond: number) => ({
  first: [1, 0, ...new Array<number>(onlyFirst).fill(1), ...new Array<number>(onlySecond).fill(0)],
  second: [1, 0, ...new Array<number>(onlyFirst).fill(0), ...new Array<number>(onlySecond).fill(1)],
});

describe('paired tests', () => {
  it.each(fixture.mcnemar)('give the exact binomial p by McNemar with %i and %i discordant examples', (b, c, p) => {
    const { first, second } = discordant(b, c);
    const result = mcnemar(first, second);
    expect(result).toMatchObject({ onlyFirst: b, onlySecond: c });
    expect(result.exact).toBeCloseTo(p, 9);
    expect(result.pValue).toBeLessThanOrEqual(p);
  });

  it('find no difference without discordant examples', () => {
    expect(mcnemar([1, 0, 1], [1, 0, 1]).pValue).toBe(1);
    expect(compare([0.5, 1], [0.5, 1])).toMatchObject({
      difference: 0,
      ci95: [0, 0],
      pValue: 1,
      test: 'sign-flip',
    });
  });

  it('test scores between 0 and 1 by sign flips, in agreement with McNemar if both apply', () => {
    const { first, second } = discordant(5, 15);
    const exact = compare(first, second)!;
    expect(exact).toMatchObject({ test: 'mcnemar-mid-p', difference: -10 / 22 });
    expect(exact.ci95[1]).toBeLessThan(0);
    const halves = compare([...first, 0.5], [...second, 0.5])!;
    expect(halves.test).toBe('sign-flip');
    expect(Math.abs(halves.pValue - mcnemar(first, second).exact)).toBeLessThan(0.006);
  });

  it('refuse results of different test sets and, for McNemar, scores between 0 and 1', () => {
    expect(compare([1], [1, 0])).toBeUndefined();
    expect(() => mcnemar([1], [1, 0])).toThrow(/1 and 2 test examples/);
    expect(() => mcnemar([0.5], [1])).toThrow(/McNemar/);
  });

  it('adjust p by Holm', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
      expect(adjusted[i]).toBeCloseTo(p, 12);
    });
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});

describe('the paired test under the null', () => {
  const falseAlarms = (draws: number, draw: (stream: ReturnType<typeof random>) => number) => {
    const stream = random(11, 'null');
    let alarms = 0;
    for (let i = 0; i < draws; i++) if (draw(stream) < 0.05) alarms++;
    return alarms / draws;
  };

  it('raises a false alarm in 5 % ± 1 of comparisons of right-or-wrong scores', () => {
    // Two models that are each right on 80 % of examples and agree on most.
    const rate = falseAlarms(3000, (stream) => {
      const hard = Array.from({ length: 300 }, () => stream.uniform());
      const scores = () => hard.map((h) => (0.7 * h + 0.3 * stream.uniform() < 0.8 ? 1 : 0));
      return compare(scores(), scores())!.pValue;
    });
    expect(rate).toBeGreaterThan(0.04);
    expect(rate).toBeLessThan(0.06);
  });

  it('raises a false alarm in 5 % ± 1 of comparisons of graded scores with patients as groups', () => {
    const groups = Array.from({ length: 120 }, (_, i) => i >> 1);
    const rate = falseAlarms(1500, (stream) => {
      const ofPatient = Array.from({ length: 60 }, () => stream.normal());
      const scores = () => Array.from(groups, (group) => ofPatient[group]! + stream.normal());
      // The images of a patient share a shift by which the models differ.
      const shift = Array.from({ length: 60 }, () => stream.normal());
      const other = Array.from(scores(), (score, i) => score + shift[groups[i]!]!);
      return compare(scores(), other, groups)!.pValue;
    });
    expect(rate).toBeGreaterThan(0.04);
    expect(rate).toBeLessThan(0.06);
  }, 60_000);
});
