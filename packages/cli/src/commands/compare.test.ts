import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResultCell, RunResults } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeRunFolder } from '../../../report/test/run-folder.mjs';
import { sampleResults } from '../../../report/test/sample.js';
import { main } from '../main.js';

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-compare-'));
  printed = '';
  const keep = (text: unknown): boolean => {
    printed += `${text}\n`;
    return true;
  };
  vi.spyOn(console, 'log').mockImplementation(keep);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

interface RunSpec {
  readonly seeds: readonly number[];
  /** Probability of a right answer, by method. */
  readonly methods: Readonly<Record<string, number>>;
  readonly n?: number;
  readonly data?: string;
  readonly settings?: RunResults['run']['settings'];
  readonly scores?: boolean;
}

/** Writes a run folder: results, and a cell for each row and seed with the scores behind its figure. */
function runFolder(name: string, { methods, n = 300, data = 'a', ...more }: RunSpec): string {
  const path = join(folder, name);
  const sample = sampleResults(more.seeds);
  const rows = Object.entries(methods).map(([id, chance]) => ({ id, chance }));
  const columns = [{ task: sample.tasks[0]!.id, protocol: 'zero-shot', n, data }];
  writeRunFolder(path, sample, { ...more, rows, columns, draw: name });
  return path;
}

async function compared(first: RunSpec, second: RunSpec) {
  const out = join(folder, 'compare.html');
  const paths = [runFolder('one', first), runFolder('two', second)];
  expect(await main(['compare', ...paths, '--out', out, '--json'])).toBe(0);
  return { page: readFileSync(out, 'utf8'), json: JSON.parse(printed), paths };
}

describe('medbench compare', () => {
  it('finds a clear difference, and reports different settings and rows that only one run has', async () => {
    const { page, json, paths } = await compared(
      { seeds: [0, 1, 2], methods: { clip: 0.9, slip: 0.7, flip: 0.6 }, settings: { 'training.steps': 600 } },
      { seeds: [3, 4, 5], methods: { clip: 0.6, slip: 0.7, '<b>evil</b>': 0.5 }, settings: { 'training.steps': 60 } },
    );
    const [clip, slip] = json.cells;
    expect(json.cells.map((cell: { row: string }) => cell.row)).toEqual(['clip', 'slip']);
    expect(clip.test).toMatchObject({ seeds: 'separate' });
    expect(clip.test.adjusted).toBeLessThan(0.05);
    expect(clip.difference).toBeGreaterThan(0.2);
    expect(slip.test.adjusted).toBeGreaterThan(0.05);
    expect(json.settings).toEqual([
      { name: 'seeds', values: ['0, 1, 2', '3, 4, 5'] },
      { name: 'training.steps', values: ['600', '60'] },
    ]);
    expect(json.alone.map(({ rows }: { rows: string[] }) => rows)).toEqual([['flip'], ['<b>evil</b>']]);
    expect(page).toContain('1 significant difference ');
    expect(page).toContain('first better');
    expect(page).not.toContain('<b>evil');
    printed = '';
    expect(await main(['compare', ...paths, '--out', join(folder, 'x.html')])).toBe(0);
    expect(printed).toMatch(/ clip .* first better/);
    expect(printed).toMatch(/ slip .* no difference found/);
    expect(printed).toContain('training.steps: 600 | 60');
    expect(printed).toContain('Only in two: 1 row: <b>evil</b>.');
  });

  it('tests nothing if each run has one training, and says why', async () => {
    const { page, json } = await compared(
      { seeds: [0], methods: { clip: 0.95 } },
      { seeds: [1], methods: { clip: 0.5 } },
    );
    expect(json).toMatchObject({
      tested: 0,
      cells: [{ test: null, reason: expect.stringContaining('several seeds') }],
    });
    expect(page).toContain('not tested: one training on each side');
    expect(page).toContain('The runs differ in their seeds alone.');
  });

  it('does not compare cells of different test sets or without scores', async () => {
    const seeds = [0, 1];
    const base = { seeds, methods: { clip: 0.9 } };
    const reason = (text: string) => ({
      cells: [{ test: null, difference: null, reason: expect.stringContaining(text) }],
    });
    expect((await compared(base, { ...base, n: 200 })).json).toMatchObject(reason('300 and 200 examples'));
    printed = '';
    expect((await compared(base, { ...base, data: 'b' })).json).toMatchObject(reason('files of the data differ'));
    rmSync(join(folder, 'two'), { recursive: true });
    printed = '';
    expect((await compared(base, { ...base, scores: false })).json).toMatchObject(reason('not in the run folders'));
  });

  it('compares two rows of other ids, of two runs or of one', async () => {
    const row = 'flip:ratio=0.5';
    const spec = { seeds: [0, 1, 2], methods: { clip: 0.9, [row]: 0.5 } };
    const paths = [runFolder('one', spec), runFolder('two', spec)];
    const compare = async (...args: string[]) => {
      printed = '';
      expect(await main(['compare', ...args, '--out', join(folder, 'x.html'), '--json'])).toBe(0);
      return JSON.parse(printed).cells;
    };
    const cells = await compare(...paths, '--pair', `clip=${row}`);
    expect(cells).toMatchObject([{ row: 'clip', otherRow: row, test: { seeds: 'paired' } }]);
    expect(cells[0].difference).toBeGreaterThan(0.3);
    expect(cells[0].test.adjusted).toBe(cells[0].test.pValue);
    const [back] = await compare(paths[1]!, paths[0]!, '--pair', `${row}=clip`);
    expect(back.difference).toBeCloseTo(-cells[0].difference, 12);
    const within = await compare(paths[0]!, paths[0]!, '--pair', `clip=${row}`);
    expect(within[0].test.adjusted).toBeLessThan(0.05);
    printed = '';
    const args = ['compare', ...paths, '--pair', `clip=${row}`, '--out', join(folder, 'x.html')];
    expect(await main(args)).toBe(0);
    expect(printed).toMatch(/ clip and flip:ratio=0\.5 .* first better/);
    expect(await main(['compare', ...paths, '--pair', 'clip=slip'])).toBe(2);
    expect(await main(['compare', ...paths, '--pair', 'clip'])).toBe(2);
  });

  it('refuses a folder without results', async () => {
    expect(await main(['compare', join(folder, 'none'), folder])).toBe(2);
  });
});

/** Writes the results of a run of one row: the accuracies of a zero-shot protocol by task, with n. */
function accuracies(
  row: string,
  figures: Readonly<Record<string, readonly [accuracy: number, n: number]>>,
  synthetic = false,
): string {
  const sample = sampleResults([0]);
  const cells = Object.entries(figures).map(([task, [value, n]]): ResultCell => {
    const ci95 = [value - 0.01, value + 0.01] as const;
    return {
      ...{ method: row, control: false, task, protocol: 'zero-shot', seed: 0, metric: 'accuracy', value, ci95, n },
      ...{ metrics: { accuracy: { value, ci95 } }, seconds: 1, status: 'ok', synthetic },
    };
  });
  const { statistics: _, ...results } = sample;
  const methods = [{ id: row, title: 'FLIP', question: 'granularity', extension: false, control: false }];
  const path = join(folder, 'made-up');
  mkdirSync(path, { recursive: true });
  const written = { ...results, run: { ...sample.run, synthetic }, methods, cells, training: [] };
  writeFileSync(join(path, 'results.json'), JSON.stringify(written));
  return path;
}

describe('medbench compare --with study', () => {
  // The study's FLIP 0.5: 0.652 of 6,333 (nct-crc), 0.733 of 32,768 (pcam), 0.490 of 100 (bach), 0.345 of 2,122 (sicap-v2).
  const figures = {
    'nct-crc': [0.66, 6333],
    pcam: [0.76, 32_768],
    bach: [0.3, 100],
    'sicap-v2': [0.345, 1000],
  } as const;

  it('says of each figure whether it lies within, in the table, the page and JSON', async () => {
    const out = join(folder, 'study.html');
    const run = accuracies('flip:ratio=0.5:tuning=0', figures);
    expect(await main(['compare', run, '--with', 'study', '--out', out, '--json'])).toBe(0);
    const json = JSON.parse(printed);
    expect(json).toMatchObject({
      ...{ schemaVersion: 1, run: 'made-up', with: 'study', synthetic: false },
      source: { repository: expect.stringContaining('benchmarking-contrastive'), commit: '1a65231331dc' },
      pairs: [{ row: 'flip:ratio=0.5:tuning=0', studyRow: 'flip-0.5', by: 'id' }],
      alone: { study: ['clip', 'partial-image-7', 'coca', 'filip'] },
    });
    const verdicts = json.cells
      .filter((cell: { run: unknown }) => cell.run)
      .map(({ task, verdict }: { task: string; verdict: string }) => [task, verdict]);
    expect(Object.fromEntries(verdicts)).toEqual({
      'nct-crc': 'within',
      pcam: 'above',
      bach: 'below',
      'sicap-v2': 'not judged',
    });
    printed = '';
    expect(await main(['compare', run, '--with', 'study', '--out', out])).toBe(0);
    expect(printed).toContain('4 figures of the run beside the study’s, 3 of them judged: 1 within, 1 above, 1 below.');
    expect(printed).toMatch(/ nct-crc .* 0\.660 \[0\.65, 0\.67\] +0\.652 \[0\.64, 0\.66\] .* within/);
    expect(printed).toMatch(/ pcam .* above/);
    expect(printed).toMatch(/ bach .* below/);
    expect(printed).toMatch(/ sicap-v2 .* not judged \(a\)/);
    expect(printed).toContain('(a) another test set: 1000 examples, in the study 2122');
    expect(printed).toContain('trained with QuickGELU, evaluated with the exact GELU');
    const page = readFileSync(out, 'utf8');
    expect(page).toContain('<strong>above</strong>');
    expect(page).toContain('<strong>below</strong>');
    expect(page).not.toContain('class="banner"');
  });

  it('labels generated data, and judges none of it', async () => {
    const out = join(folder, 'study.html');
    const run = accuracies('flip', figures, true);
    const pair = ['--pair', 'flip=flip-0.5'];
    expect(await main(['compare', run, '--with', 'study', ...pair, '--out', out])).toBe(0);
    expect(printed).toContain('4 figures of the run beside the study’s, 0 of them judged');
    expect(printed).toMatch(/ bach .* 0\.300 \[0\.22, 0\.40\] \* .* not judged/);
    expect(printed).toContain('* on generated phantoms: they say nothing about medicine.');
    expect(readFileSync(out, 'utf8')).toContain('class="banner"');
  });

  it('refuses a second folder beside --with, neither of them, and pairs that it cannot find', async () => {
    const run = accuracies('flip', figures);
    const refused = async (...args: string[]): Promise<string> => {
      const errors = vi.spyOn(console, 'error').mockClear();
      expect(await main(['compare', run, '--out', join(folder, 'x.html'), ...args])).toBe(2);
      return errors.mock.calls.flat().join('\n');
    };
    expect(await refused(run, '--with', 'study')).toMatch(/both a second folder.*Give one of them/s);
    expect(await refused()).toMatch(/nothing to compare the run with.*--with study/s);
    expect(await refused(run, '--pair', 'flip=flip-0.5')).toMatch(/names no row of .*made-up.*has flip/s);
    expect(await refused('--with', 'study', '--pair', 'flip')).toContain('--pair flip does not pair two rows');
    expect(await refused('--with', 'study', '--pair', 'slip=flip-0.5')).toContain('The run has no row slip');
    expect(await refused('--with', 'study', '--pair', 'flip=slip')).toMatch(/no row slip.*flip-0\.5/s);
  });
});
