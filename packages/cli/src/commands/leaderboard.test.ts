import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sites } from '../../../report/test/site.js';
import { main } from '../main.js';

let sites: Sites;
let printed: string;
let errors: string;
beforeEach(() => {
  sites = new Sites();
  printed = '';
  errors = '';
  const keep = (text: unknown): boolean => {
    printed += `${text}\n`;
    return true;
  };
  vi.spyOn(console, 'log').mockImplementation(keep);
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(console, 'error').mockImplementation((text: unknown) => {
    errors += `${text}\n`;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  sites.dispose();
});

const json = async (...args: string[]) => {
  printed = '';
  expect(await main([...args, '--json'])).toBe(0);
  return JSON.parse(printed);
};

it('leaderboard says of each pair what compare says of the two folders', async () => {
  const rows = [0.75, 0.65].map((chance, i) => ({ id: `row-${i}`, chance, parameters: 9 }));
  const a = sites.run('a', { rows, draw: 'a' });
  const b = sites.run('b', { rows, draw: 'b', seeds: [0, 1, 2], settings: { 'training.steps': 9 } });
  const out = join(sites.folder, 'site');
  const { entries, columns } = await json('leaderboard', a, b, '--out', out);
  const find = (row: string, source: string) =>
    entries.find((entry: { row: string; sources: string[] }) => entry.row === row && entry.sources[0] === source).id;
  const page = ['--out', join(sites.folder, 'x.html')];
  const same = (await json('compare', a, b, ...page)).cells;
  const pair = (await json('compare', a, b, '--pair', 'row-0=row-1', ...page)).cells;
  expect(same).toHaveLength(6);
  for (const { row, otherRow = row, task, protocol, difference, test } of [...same, ...pair]) {
    const column = columns.find(
      (one: { task: string; protocol: string }) => one.task === task && one.protocol === protocol,
    );
    const [first, second] = [find(row, 'a'), find(otherRow, 'b')];
    const found = column.tests.find(
      (one: { first: string; second: string }) =>
        [one.first, one.second].sort().join() === [first, second].sort().join(),
    );
    const sign = found.first === first ? 1 : -1;
    expect(sign * found.difference).toBeCloseTo(difference, 12);
    expect(found).toMatchObject({ adjusted: test.adjusted, pValue: test.pValue, seeds: test.seeds });
  }
});

it('leaderboard prints the best of each column, names what it leaves out, and ends with 1', async () => {
  const [good, bad] = [sites.run('good'), sites.run('bad')];
  writeFileSync(join(bad, 'results.json'), '{');
  const out = join(sites.folder, 'site');
  expect(await main(['leaderboard', good, bad, '--out', out, '--title', 'Ours'])).toBe(1);
  expect(printed).toMatch(/2 models from 1 folder of results, 3 columns\./);
  expect(printed).toMatch(/ phantom-tissue \* +zero-shot +accuracy +clip +0\.\d+ ± 0\.\d+ \[0\.\d\d, 0\.\d\d\] /);
  expect(errors).toMatch(/left out.*bad.*is not JSON/);
  expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('<title>Ours</title>');
  expect(await main(['leaderboard', bad, '--out', out])).toBe(1);
  expect(await main(['leaderboard'])).toBe(2);
});

it('verify --results checks results without their data', async () => {
  const folder = sites.run('one');
  expect(await json('verify', '--results', folder)).toEqual({ recomputed: expect.any(Number), withoutScores: 0 });
  const file = join(folder, 'results.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"value": 0\.\d/, '"value": 0.1'));
  expect(await main(['verify', '--results', folder])).toBe(1);
  expect(errors).toMatch(/results\.json/);
});
