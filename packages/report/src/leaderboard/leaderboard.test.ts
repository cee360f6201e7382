import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunCell } from '@medbench/core';
import { compareRuns } from '@medbench/evaluation/statistics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COLUMNS, parsePage, Sites } from '../../test/site.js';
import { readResultsFolder } from '../read-results-folder.js';
import type { LeaderboardData, LeaderboardTest } from './data.js';

let sites: Sites;
beforeEach(() => {
  sites = new Sites();
});
afterEach(() => sites.dispose());

const scores = async (folder: string) => (await readResultsFolder(folder)).columns;

/** The test of two entries in a column, first minus second, whichever way data.json has it. */
function findTest({ columns }: LeaderboardData, cell: RunCell, first: string, second: string) {
  const { tests } = columns.find(({ task, protocol }) => task === cell.task && protocol === cell.protocol)!;
  const forwards = tests.find((test) => test.first === first && test.second === second);
  const back = tests.find((test) => test.first === second && test.second === first);
  const mirrored: Record<string, string> = { better: 'worse', worse: 'better' };
  const turn = ({ difference, ci95, outcome, ...test }: LeaderboardTest) => ({
    ...test,
    difference: difference === null ? null : -difference,
    ci95: ci95 && [-ci95[1], -ci95[0]],
    outcome: mirrored[outcome] ?? outcome,
  });
  return forwards ?? turn(back!);
}

const expectSame = (test: ReturnType<typeof findTest>, { difference, test: compared }: RunCell): void => {
  expect(test.difference).toBeCloseTo(difference!, 12);
  expect(test.adjusted).toBeCloseTo(compared!.adjusted, 12);
  expect(test.pValue).toBeCloseTo(compared!.pValue, 12);
  expect(test.ci95![0]).toBeCloseTo(compared!.ci95[0], 12);
  expect(test.seeds).toBe(compared!.seeds);
  const significant = compared!.adjusted < 0.05;
  expect(test.outcome).toBe(significant ? (difference! > 0 ? 'better' : 'worse') : 'no difference found');
};

describe('the tests of a leaderboard', () => {
  it('are those of compare, in both directions, for equal and for other rows', async () => {
    const rows = (shift: number) => [
      { id: 'clip', chance: 0.7 + shift, parameters: 1000 },
      { id: 'slip', chance: 0.7, parameters: 1000 },
    ];
    const made = [
      { rows: rows(0), draw: 'a', seeds: [0, 1, 2], settings: { 'training.steps': 1 } },
      { rows: rows(0.04), draw: 'b', seeds: [0, 1, 2], settings: { 'training.steps': 2 } },
      { rows: rows(0.15), draw: 'c', seeds: [2, 3, 4], settings: { 'training.steps': 3 } },
    ];
    const folders = made.map((run, i) => sites.run(`run-${i}`, run));
    const { data, read } = await sites.write(folders);
    const entry = (row: string, i: number): string =>
      data.entries.find((one) => one.row === row && (one.sources as string[])[0] === `run-${i}`)!.id as string;
    let checked = 0;
    let significant = 0;
    for (const [i, a] of folders.entries()) {
      for (const [j, b] of folders.entries()) {
        const pairs = [['clip', 'slip']] as const;
        const [first, second] = [await scores(a), await scores(b)];
        const cells = [
          ...(i === j ? [] : compareRuns(first, second).cells),
          ...compareRuns(first, second, pairs).cells,
        ];
        for (const cell of cells) {
          expectSame(findTest(data, cell, entry(cell.row, i), entry(cell.otherRow ?? cell.row, j)), cell);
          checked++;
          if (cell.test!.adjusted < 0.05) significant++;
        }
      }
    }
    expect(checked).toBe(6 * 2 * 3 + 9 * 3);
    expect(significant).toBeGreaterThan(5);
    expect(significant).toBeLessThan(checked - 5);
    // The marks of the table say the same.
    const table = parsePage(read('index.html')).querySelector('#results table')!;
    for (const [c, { figures }] of data.columns.entries()) {
      for (const row of [...table.querySelectorAll('tbody.methods tr')]) {
        const id = row
          .querySelector('th a')!
          .getAttribute('href')!
          .replace(/^models\/|\.html$/g, '');
        const { againstBest, value } = figures.find((figure) => figure.entry === id)!;
        const cell = row.querySelectorAll('td')[c + 1]!;
        expect(Number(cell.getAttribute('data-value'))).toBe(value);
        expect(cell.textContent!.includes('≈')).toBe(againstBest === 'no difference found');
      }
    }
  });

  it('are not made without a second seed on either side, of other examples, or without scores; the mark says so', async () => {
    const one = sites.run('one', { seeds: [0], settings: { 'training.steps': 1 } });
    const two = sites.run('two', { seeds: [1], settings: { 'training.steps': 2 } });
    const three = sites.run('three', { seeds: [0, 1], scores: false, settings: { 'training.steps': 3 } });
    const other = COLUMNS.map((column) => ({ ...column, data: 'other' }));
    const four = sites.run('four', { columns: other, settings: { 'training.steps': 4 } });
    const { data, read } = await sites.write([one, two, three, four]);
    const [zeroShot, second] = data.columns.filter(
      ({ task, protocol }) => task === 'pneumoniamnist' && protocol === 'zero-shot',
    );
    expect(zeroShot).toMatchObject({ id: 'pneumoniamnist', testSet: 1 });
    expect(second).toMatchObject({ id: 'pneumoniamnist (test set 2)', testSet: 2 });
    expect(second!.figures).toHaveLength(3);
    const untested = zeroShot!.figures.filter(({ againstBest }) => againstBest === 'not tested');
    expect(untested.length).toBeGreaterThanOrEqual(4);
    expect(zeroShot!.tests.flatMap(({ reason }) => reason ?? [])).toContainEqual(
      expect.stringMatching(/one training on each side/),
    );
    expect(parsePage(read('index.html')).querySelectorAll('.mark[aria-label^="Not tested"]').length).toBeGreaterThan(3);
    expect(read('tasks/pneumoniamnist.html')).toContain('different test sets: the files of the data differ');
  });
});

describe('gathering', () => {
  it('makes one model of three machines with two seeds each, tested as the run that holds all seeds', async () => {
    const run = (name: string, seeds: number[]) => sites.run(name, { seeds });
    const machines = [run('m1', [4, 5]), run('m2', [0, 1]), run('m3', [2, 3])];
    const whole = run('whole', [0, 1, 2, 3, 4, 5]);
    const rival = sites.run('rival', { seeds: [0, 1], draw: 'other', settings: { 'training.steps': 9 } });
    const [gathered, single] = [await sites.write([...machines, rival], 'a'), await sites.write([whole, rival], 'b')];
    const clip = gathered.data.entries.filter(({ row }) => row === 'clip');
    expect(clip).toMatchObject([{ seeds: [0, 1, 2, 3, 4, 5], sources: ['m1', 'm2', 'm3'] }, { seeds: [0, 1] }]);
    const numbers = ({ data }: typeof gathered) =>
      data.columns.map(({ figures, tests }) => ({
        figures: figures.map(({ value, sd, ci95 }) => [value, sd, ci95]),
        tests: tests.map(({ adjusted, difference }) => [adjusted, difference]),
      }));
    const [a, b] = [numbers(gathered), numbers(single)];
    a.forEach(({ tests, figures }, c) => {
      expect(figures).toHaveLength(b[c]!.figures.length);
      expect(tests.flat().length).toBe(b[c]!.tests.flat().length);
      tests.flat().forEach((number, i) => expect(number).toBeCloseTo(b[c]!.tests.flat()[i]!, 12));
    });
    // Mean, sample standard deviation and mean interval, by hand.
    const figure = gathered.data.columns[0]!.figures.find(({ entry }) => entry === clip[0]!.id)!;
    const values = figure.seeds.map(({ value }) => value);
    const mean = values.reduce((sum, value) => sum + value, 0) / 6;
    expect(figure.value).toBeCloseTo(mean, 12);
    expect(figure.sd).toBeCloseTo(Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5), 12);
    expect(figure.ci95![0]).toBeCloseTo(
      figure.seeds.reduce((sum, { ci95 }) => sum + ci95![0] / 6, 0),
      12,
    );
  });

  it('counts a row and seed that two folders hold once, and names it', async () => {
    const folders = [sites.run('one', { seeds: [0, 1] }), sites.run('two', { seeds: [1, 2], draw: '' })];
    const { data, read } = await sites.write(folders);
    expect(data.entries.filter(({ control }) => !control)).toMatchObject([{ seeds: [0, 1, 2] }, { seeds: [0, 1, 2] }]);
    expect(data.repeated).toEqual(
      ['clip', 'slip'].map((row) => ({ row, seed: 1, used: 'one', unused: 'two', differs: false })),
    );
    expect(read('index.html')).toContain('clip, seed 1, is in one and in two: counted once, from one');
  });

  it('keeps rows under other settings apart and says what differs; controls with equal figures are one', async () => {
    const one = sites.run('one', { settings: { 'training.steps': 600, dataRoot: '/a', 'training.logEvery': 1 } });
    const two = sites.run('two', { settings: { 'training.steps': 60, dataRoot: '/b', 'training.logEvery': 2 } });
    const { data, read } = await sites.write([one, two]);
    expect(data.entries.map(({ label }) => label).sort()).toEqual(
      ['clip · one', 'clip · two', 'slip · one', 'slip · two', 'untrained'].sort(),
    );
    const page = read(data.entries.find(({ label }) => label === 'clip · one')!.page as string);
    const text = parsePage(page).querySelector('#other-models-of-this-row')!.textContent!;
    expect(text).toMatch(/training\.steps[\s\S]*600[\s\S]*60/);
    expect(text).not.toContain('dataRoot');
    expect(read('index.html')).toContain('training.steps=60');
  });
});

describe('ranks', () => {
  it('are mean places over the columns that most models have, among models with a figure in each', async () => {
    const rows = [0.9, 0.6, 0.3].map((chance, i) => ({ id: `m${i}`, chance, parameters: 10 }));
    const full = sites.run('full', { rows });
    const part = sites.run('part', {
      rows: [{ id: 'part', chance: 0.95, parameters: 10 }],
      columns: COLUMNS.slice(0, 1),
    });
    const { data } = await sites.write([full, part]);
    expect(data.ranks).toMatchObject({
      columns: 3,
      methods: [
        { id: 'm0', rank: 1 },
        { id: 'm1', rank: 2 },
        { id: 'm2', rank: 3 },
      ],
    });
    expect(data.entries.find(({ row }) => row === 'part')).toMatchObject({ rank: null });
  });
});

describe('the files of a site', () => {
  it('are the same for the same sources; pages of models that are gone are removed', async () => {
    const folders = [sites.run('one'), sites.run('two', { settings: { 'training.steps': 9 } })];
    const first = await sites.write(folders);
    const texts = first.data.pages.map(first.read);
    expect((await sites.write(folders)).data.pages.map(first.read)).toEqual(texts);
    expect(first.data.pages).toHaveLength(1 + 5 + 2);
    for (const page of first.data.pages) {
      for (const link of parsePage(first.read(page)).querySelectorAll('a[href]')) {
        const href = link.getAttribute('href')!;
        if (!href.startsWith('#')) expect(existsSync(join(first.out, page, '..', href)), `${page}: ${href}`).toBe(true);
      }
    }
    const second = await sites.write(folders.slice(0, 1));
    expect(readdirSync(join(second.out, 'models'))).toHaveLength(3);
  });
});
