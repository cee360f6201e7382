import { readFileSync } from 'node:fs';
import { random, type ScoredColumn, type ScoredRow } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compareRows, compareTwo } from './compare-rows.js';
import { averageRanks } from './ranks.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/compare.json', import.meta.url), 'utf8')) as {
  ranks: { scores: number[][]; ranks: number[]; pValue: number; criticalDifference: number }[];
  paired: { a: number[]; b: number[]; groups: number[]; pValue: number; ci95: [number, number]; grouped: number };
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const makeRow = (id: string, seeds: readonly (readonly number[])[], control = false): ScoredRow => ({
  id,
  control,
  seeds: seeds.map((perExample, seed) => ({ seed, value: mean(perExample), perExample })),
});

describe('averageRanks', () => {
  it.each(fixture.ranks.map((c) => [c.ranks.length, c] as const))('equals SciPy for %i methods', (k, c) => {
    const ids = Array.from({ length: k }, (_, m) => `m${m}`);
    const result = averageRanks(ids, c.scores)!;
    for (const { id, rank } of result.methods) expect(rank).toBeCloseTo(c.ranks[Number(id.slice(1))]!, 10);
    expect(result.pValue).toBeCloseTo(c.pValue, 8);
    expect(result.criticalDifference).toBeCloseTo(c.criticalDifference, 6);
  });

  it('gives the chance of equal rankings as p if all columns rank alike', () => {
    expect(
      averageRanks(
        ['a', 'b', 'c'],
        [
          [3, 2, 1],
          [9, 5, 0],
        ],
      )!.pValue,
    ).toBeCloseTo(1 / 6, 12);
    expect(averageRanks(['a', 'b'], [[1, 2]])).toBeNull();
  });
});

describe('a part of a column', () => {
  const column = (part: boolean, task: string): ScoredColumn => ({
    task,
    protocol: 'zero-shot',
    metric: part ? 'rare_recall' : 'accuracy',
    part,
    rows: [makeRow('a', [[1, 0, 1, 1]]), makeRow('b', [[0, 0, 1, 0]])],
  });

  it('has comparisons, but neither statistics nor a rank of its own', () => {
    const { statistics, comparisons } = compareRows([column(false, 's'), column(false, 't'), column(true, 't')]);
    expect(statistics.columns.map(({ task, metric }) => [task, metric])).toEqual([
      ['s', 'accuracy'],
      ['t', 'accuracy'],
    ]);
    expect(statistics.ranks!.columns).toBe(2);
    expect(comparisons.map(({ task, metric }) => [task, metric])).toEqual([
      ['s', undefined],
      ['t', undefined],
      ['t', 'rare_recall'],
    ]);
    expect(comparisons[2]!.pairs[0]).toMatchObject({ first: 'a', second: 'b', difference: 0.5 });
  });
});

describe('compareTwo', () => {
  it('equals SciPy’s paired t test, by example and by group', () => {
    const { a, b, groups, pValue, ci95, grouped } = fixture.paired;
    const single = compareTwo(makeRow('a', [a]), makeRow('b', [b]))!;
    expect(single).toMatchObject({ first: 'a', second: 'b', test: 'paired-t' });
    expect(single.pValue).toBeCloseTo(pValue, 7);
    expect(single.ci95[0]).toBeCloseTo(ci95[0], 7);
    expect(single.ci95[1]).toBeCloseTo(ci95[1], 7);
    expect(compareTwo(makeRow('a', [a]), makeRow('b', [b]), groups)!.pValue).toBeCloseTo(grouped, 7);
  });

  it('compares the seeds that both rows have, and no others', () => {
    const scores = [1, 0, 1, 1, 0, 1];
    const first = { ...makeRow('a', [scores]), seeds: [{ seed: 3, value: 0, perExample: scores }] };
    expect(compareTwo(first, makeRow('b', [scores]))).toBeUndefined();
    expect(compareTwo(makeRow('a', [scores, scores]), makeRow('b', [scores]))).toMatchObject({
      difference: 0,
      pValue: 1,
    });
  });

  // Two equally good methods: right on most examples, with trainings that vary a little.
  const alarms = (seeds: number, ofSeeds: number): number => {
    const stream = random(5, 'two-way', seeds, Math.round(100 * ofSeeds));
    const draws = 2000;
    let count = 0;
    for (let draw = 0; draw < draws; draw++) {
      const hard = Array.from({ length: 200 }, () => stream.normal());
      const taste = [0, 1].map(() => hard.map(() => 0.5 * stream.normal()));
      const method = (m: number) =>
        Array.from({ length: seeds }, () => {
          const luck = ofSeeds * stream.normal();
          return hard.map((h, i) => (h + taste[m]![i]! + luck + 0.5 * stream.normal() < 0.8 ? 1 : 0));
        });
      if (compareTwo(makeRow('a', method(0)), makeRow('b', method(1)))!.pValue < 0.05) count++;
    }
    return count / draws;
  };

  it.each([
    [5, 0.35],
    [5, 0.7],
    [3, 0.7],
  ])(
    'raises false alarms in 5 % ± 1 of cases: %i seeds that differ by %f',
    (seeds, ofSeeds) => {
      const rate = alarms(seeds, ofSeeds);
      expect(rate).toBeGreaterThan(0.04);
      expect(rate).toBeLessThan(0.06);
    },
    60_000,
  );

  it.each([
    [2, 0.35],
    [3, 0.2],
    [3, 0.02],
    [5, 0.1],
    [20, 0.1],
  ])(
    'raises false alarms in at most 6 % of cases: %i seeds that differ by %f',
    (seeds, ofSeeds) => {
      expect(alarms(seeds, ofSeeds)).toBeLessThan(0.06);
    },
    60_000,
  );
});

describe('compareRows', () => {
  const stream = random(1, 'rows');
  const hard = Array.from({ length: 400 }, () => stream.uniform());
  const right = (share: number) => hard.map((h) => (0.8 * h + 0.2 * stream.uniform() < share ? 1 : 0));
  const column = (task: string, rows: readonly ScoredRow[]): ScoredColumn => ({
    task,
    protocol: 'zero-shot',
    metric: 'accuracy',
    rows,
  });
  const rows = [
    makeRow('good', [right(0.8)]),
    makeRow('also-good', [right(0.8)]),
    makeRow('bad', [right(0.5)]),
    makeRow('chance', [right(0.5)], true),
  ];

  it('reports the best row, the rows that are significantly worse, and the rows that beat the controls', () => {
    const { statistics, comparisons } = compareRows([column('one', rows), column('two', rows)]);
    const [firstColumn] = statistics.columns;
    expect(['good', 'also-good']).toContain(firstColumn!.best);
    expect(firstColumn).toMatchObject({ n: 400, seeds: [0], pairs: 3, task: 'one' });
    const against = Object.fromEntries(firstColumn!.againstBest.map(({ second, adjusted }) => [second, adjusted]));
    expect(against.bad).toBeLessThan(0.001);
    expect(against[firstColumn!.best === 'good' ? 'also-good' : 'good']).toBeGreaterThan(0.05);
    for (const { first, difference } of firstColumn!.againstBest) {
      expect(first).toBe(firstColumn!.best);
      expect(difference).toBeGreaterThanOrEqual(0);
    }
    const controls = Object.fromEntries(firstColumn!.againstControls.map(({ first, adjusted }) => [first, adjusted]));
    expect(controls.good).toBeLessThan(0.001);
    expect(controls.bad).toBeGreaterThan(0.05);
    expect(comparisons[0]!.pairs).toHaveLength(3);
    expect(statistics.ranks).toMatchObject({ columns: 2 });
    expect(statistics.ranks!.methods.at(-1)).toEqual({ id: 'bad', rank: 3 });
  });

  it('ranks over columns that all methods have, and reports no ranks without them', () => {
    const missing = column('two', [makeRow('good', [right(0.8)]), makeRow('bad', [])]);
    expect(compareRows([column('one', rows), missing]).statistics.ranks).toBeNull();
    expect(compareRows([]).statistics).toEqual({ level: 0.05, columns: [], ranks: null });
    const alone = compareRows([column('one', [rows[0]!])]).statistics.columns[0];
    expect(alone).toMatchObject({ best: 'good', againstBest: [], againstControls: [], pairs: 0 });
  });
});
