import { random, type ScoredColumn, type ScoredRow } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compareRuns } from './compare-runs.js';
import { twoSampleTest } from './two-way.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const makeRow = (id: string, scores: readonly (readonly number[])[], seeds = scores.map((_, s) => s)): ScoredRow => ({
  id,
  control: false,
  seeds: scores.map((perExample, s) => ({ seed: seeds[s]!, value: mean(perExample), perExample })),
});
const makeColumn = (rows: readonly ScoredRow[], more: Partial<ScoredColumn> = {}): ScoredColumn => ({
  task: 'one',
  protocol: 'zero-shot',
  metric: 'accuracy',
  rows,
  ...more,
});

/**
 * Scores of 0 and 1 of several trainings of one method. An example is equally hard for all trainings. Each training has
 * its own luck, which affects all its examples alike (`ofSeeds`), and noise on single examples.
 */
function trainings(stream: ReturnType<typeof random>, hard: readonly number[], seeds: number, ofSeeds: number) {
  return Array.from({ length: seeds }, () => {
    const luck = ofSeeds * stream.normal();
    return hard.map((h) => (h + luck + 0.5 * stream.normal() < 0.8 ? 1 : 0));
  });
}

/** Largest number of alarms that a level of 5 % raises in so many draws, except in one run of the test in 1000. */
const mostAlarms = (draws: number): number => 0.05 * draws + 3.1 * Math.sqrt(0.05 * 0.95 * draws);

describe('the comparison of two runs that differ only in their seeds', () => {
  it.each([
    [2, 2, 0.35],
    [3, 3, 0.35],
    [5, 5, 0.35],
    [3, 3, 0.02],
    [2, 5, 0.2],
    [1, 3, 0.35],
    [1, 5, 0.2],
    [3, 1, 0.02],
  ])('finds one cell significant in at most 5 of 100 cases: %i and %i seeds that differ by %f', (S1, S2, ofSeeds) => {
    const stream = random(3, 'runs', S1, S2, Math.round(100 * ofSeeds));
    const draws = 2000;
    let alarms = 0;
    for (let draw = 0; draw < draws; draw++) {
      const hard = Array.from({ length: 200 }, () => stream.normal());
      const test = twoSampleTest(trainings(stream, hard, S1, ofSeeds), trainings(stream, hard, S2, ofSeeds));
      if (test.pValue < 0.05) alarms++;
    }
    expect(alarms).toBeLessThan(mostAlarms(draws));
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [1, 3],
  ])(
    'finds any cell of a table of 4 rows and 5 columns significant in at most 5 of 100 cases: %i and %i seeds',
    (S1, S2) => {
      const stream = random(4, 'tables', S1, S2);
      const draws = 400;
      let alarms = 0;
      for (let draw = 0; draw < draws; draw++) {
        const hard = Array.from({ length: 5 }, () => Array.from({ length: 150 }, () => stream.normal()));
        const run = (S: number, from: number) =>
          hard.map((difficulty, task) =>
            makeColumn(
              Array.from({ length: 4 }, (_, m) =>
                makeRow(
                  `m${m}`,
                  trainings(stream, difficulty, S, 0.3),
                  Array.from({ length: S }, (_, s) => from + s),
                ),
              ),
              { task: `task-${task}` },
            ),
          );
        const { cells, level } = compareRuns(run(S1, 0), run(S2, 100));
        expect(cells).toHaveLength(20);
        if (cells.some(({ test }) => test && test.adjusted < level)) alarms++;
      }
      expect(alarms).toBeLessThan(mostAlarms(draws));
    },
  );

  it('would raise false alarms in over 30 % of cases if it tested examples alone', () => {
    // This is why one training on each side is not tested.
    const stream = random(5, 'alone');
    const draws = 300;
    let alarms = 0;
    for (let draw = 0; draw < draws; draw++) {
      const hard = Array.from({ length: 600 }, () => stream.normal());
      const [a, b] = trainings(stream, hard, 2, 0.3) as [number[], number[]];
      const differences = a.map((score, i) => score - b[i]!);
      const z = mean(differences) / Math.sqrt(mean(differences.map((d) => d * d)) / differences.length);
      if (Math.abs(z) > 1.96) alarms++;
    }
    expect(alarms / draws).toBeGreaterThan(0.3);
  });
});

describe('compareRuns', () => {
  const stream = random(6, 'compare');
  const hard = Array.from({ length: 400 }, () => stream.normal());
  const better = (by: number, S: number) =>
    trainings(
      stream,
      hard.map((h) => h - by),
      S,
      0.1,
    );

  it.each([
    ['paired', [0, 1, 2], [0, 1, 2]],
    ['separate', [0, 1, 2], [3, 4, 5]],
    ['separate', [0, 1, 2], [0, 4, 5]],
    ['separate', [0], [3, 4, 5]],
  ] as const)('finds a clear difference, seeds %s: %j and %j', (seeds, a, b) => {
    const first = makeColumn([makeRow('m', better(1, a.length), [...a])]);
    const second = makeColumn([makeRow('m', better(0, b.length), [...b])]);
    const [cell] = compareRuns([first], [second]).cells;
    expect(cell).toMatchObject({ row: 'm', n: 400, seeds: [a, b], test: { seeds } });
    expect(cell!.test!.adjusted).toBeLessThan(0.05);
    expect(cell!.difference).toBeCloseTo(cell!.values[0] - cell!.values[1], 12);
    expect(cell!.test!.ci95[0]).toBeGreaterThan(0);
    const [reversed] = compareRuns([second], [first]).cells;
    expect(reversed!.difference).toBeCloseTo(-cell!.difference!, 12);
    expect(reversed!.test!.pValue).toBeCloseTo(cell!.test!.pValue, 10);
  });

  it('finds no difference between a run and itself', () => {
    const same = makeColumn([makeRow('m', better(0, 3))]);
    expect(compareRuns([same], [same]).cells[0]).toMatchObject({ difference: 0, test: { pValue: 1, adjusted: 1 } });
  });

  it('gives a reason for not testing one training on each side, a control, or another test set', () => {
    const firstCell = (a: ScoredColumn, b: ScoredColumn) => compareRuns([a], [b]).cells[0]!;
    const three = [makeRow('m', better(0, 3))];
    const single = (seed: number) => makeColumn([makeRow('m', better(1, 1), [seed])]);
    for (const seed of [0, 1]) {
      expect(firstCell(single(0), single(seed))).toMatchObject({
        test: null,
        reason: expect.stringContaining('several seeds'),
      });
    }
    const control = makeColumn([{ ...three[0]!, control: true }]);
    expect(firstCell(control, control)).toMatchObject({ test: null, reason: expect.stringContaining('control') });
    const shorter = makeColumn([makeRow('m', [[1, 0, 1]])]);
    expect(firstCell(makeColumn(three), shorter)).toMatchObject({
      n: 0,
      difference: null,
      reason: 'different test sets: 400 and 3 examples',
    });
    const differing: [Partial<ScoredColumn>, Partial<ScoredColumn>, string][] = [
      [{ data: 'a' }, { data: 'b' }, 'the files of the data differ'],
      [{ classCounts: { x: 100, y: 300 } }, { classCounts: { x: 101, y: 299 } }, 'other numbers of examples'],
      [{ groups: hard.map((_, i) => i >> 1) }, {}, 'of other patients'],
      [{ metric: 'auc' }, {}, 'different metrics: auc and accuracy'],
    ];
    for (const [a, b, reason] of differing) {
      const cell = firstCell(makeColumn(three, a), makeColumn(three, b));
      expect(cell).toMatchObject({ test: null, difference: null, reason: expect.stringContaining(reason) });
    }
    const counted = makeColumn(three, { data: 'a', classCounts: { x: 100, y: 300 } });
    expect(firstCell(counted, makeColumn(three, { data: 'a', classCounts: { y: 300, x: 100 } })).test).not.toBeNull();
  });

  it('corrects over all tested cells, and leaves out cells that only one run has', () => {
    const columns = (by: number) =>
      ['one', 'two'].map((task) =>
        makeColumn([makeRow('m', better(by, 3)), makeRow(`only-${by}`, better(by, 3))], { task }),
      );
    const { cells, tested } = compareRuns(columns(0.15), columns(0));
    expect(cells.map(({ row, task }) => [row, task])).toEqual([
      ['m', 'one'],
      ['m', 'two'],
    ]);
    expect(tested).toBe(2);
    const ps = cells.map(({ test }) => test!).sort((a, b) => a.pValue - b.pValue);
    expect(ps[0]!.adjusted).toBeCloseTo(Math.min(1, 2 * ps[0]!.pValue), 12);
  });
});

describe('twoSampleTest', () => {
  it('equals Welch’s t test if examples do not vary', () => {
    // All examples of a seed have the same score, so only seeds vary. SciPy: ttest_ind([.6, .7, .65], [.5, .52],
    // equal_var=False).
    const side = (values: readonly number[]) => values.map((value) => [value, value, value, value]);
    const { mean: difference, pValue } = twoSampleTest(side([0.6, 0.7, 0.65]), side([0.5, 0.52]));
    expect(difference).toBeCloseTo(0.14, 12);
    expect(pValue).toBeCloseTo(0.030167779948127256, 6);
  });

  it('refuses one training on each side', () => {
    expect(() => twoSampleTest([[1, 0]], [[0, 1]])).toThrow(/several|how far/);
  });
});
