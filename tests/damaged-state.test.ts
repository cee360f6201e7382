import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { selected } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('kept');
const cwd = folder.path;
const ARGS = [
  ...['run', '--preset=demo', '--methods=clip', '--tasks=pneumoniamnist', '--set=controls=[]', '--out=out', '--jobs=1'],
  ...TINY,
] as const;
const path = (...names: string[]): string => join(cwd, 'out', ...names);
const readResults = (): RunResults => JSON.parse(readFileSync(path('results.json'), 'utf8'));

const flipLastByte = (file: string): void => {
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
};
const edit = (from: string | RegExp, to: string) => (file: string) => {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(file, text.replace(from, to));
};

let expected: RunResults;
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
  const { code, stderr } = await medbench(ARGS, { cwd });
  expect(stderr).not.toContain('failed');
  expect(code).toBe(0);
  expected = readResults();
});
afterAll(() => folder.dispose());

const CELL = ['cells', 'clip', 'pneumoniamnist', 'seed-0.json'];
const WEIGHTS = ['checkpoints', 'clip', 'seed-0', 'weights.safetensors'];

type Fault = readonly [file: readonly string[], damage: (file: string) => void];
const GENERAL = ['checkpoints', 'general', 'seed-0'];
const withoutReport = (file: string): void =>
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), report: null }));

const FAULTS: readonly [string, readonly Fault[]][] = [
  [
    'an edited cell, a leak report without content and a flipped bit of embeddings',
    [
      [CELL, edit(/"value": 0\.\d+/, '"value": 0.999')],
      [['leaks', 'pneumoniamnist.json'], withoutReport],
      [['embeddings', 'clip', 'seed-0', 'pneumoniamnist', 'test.features.npy'], flipLastByte],
    ],
  ],
  [
    'a flipped bit of weights, and truncated general weights',
    [
      [WEIGHTS, flipLastByte],
      [[...GENERAL, 'weights.safetensors'], (file) => truncateSync(file, 1000)],
    ],
  ],
  [
    'empty weights, and an edited record of the general training',
    [
      [WEIGHTS, (file) => truncateSync(file, 0)],
      [[...GENERAL, 'training.json'], edit(/"finalLoss": [\d.]+/, '"finalLoss": 0.001')],
    ],
  ],
];

describe('a run on a folder with', () => {
  it.each(selected('a run on a folder with', FAULTS, [FAULTS[0]![0], FAULTS[1]![0]]))(
    '%s makes them again, says so, and has the same figures',
    async (_, faults) => {
      for (const [names, damage] of faults) damage(path(...names));
      const { code, stderr } = await medbench(ARGS, { cwd });
      for (const [names] of faults)
        expect(stderr).toContain(`${names.join('/')} is damaged or was changed by hand: it counts as missing`);
      expect(code).toBe(0);
      expect(withoutTimes(readResults())).toEqual(withoutTimes(expected));
    },
  );

  it('files that were made again has nothing more to say', async () => {
    const { code, stderr } = await medbench(ARGS, { cwd });
    expect(stderr).not.toContain('damaged');
    expect(stderr).toContain('(reused)');
    expect(code).toBe(0);
  });
});

describe('medbench report', () => {
  it('refuses results that are not those of the cells, and names the figure', async () => {
    const intact = readFileSync(path('results.json'), 'utf8');
    edit(/"value": 0\.\d+/, '"value": 0.999')(path('results.json'));
    const { code, stderr } = await medbench(['report', 'out'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/results\.json shows \w+ 0\.999 for clip on pneumoniamnist \([\w-]+, seed 0\)/);
    expect(stderr).toContain('cells/clip/pneumoniamnist/seed-0.json');
    writeFileSync(path('results.json'), intact);
    expect((await medbench(['report', 'out'], { cwd })).code).toBe(0);
  });

  it('refuses results with any other edited field, and damaged cells', async () => {
    const intact = readFileSync(path('results.json'), 'utf8');
    edit(/"finalLoss": [\d.]+/, '"finalLoss": 0.001')(path('results.json'));
    expect((await medbench(['report', 'out'], { cwd })).stderr).toContain('was changed after the run wrote it');
    writeFileSync(path('results.json'), intact);
    const cell = readFileSync(path(...CELL), 'utf8');
    truncateSync(path(...CELL), 100);
    expect((await medbench(['report', 'out'], { cwd })).stderr).toContain('seed-0.json is damaged');
    writeFileSync(path(...CELL), cell);
  });
});

describe('medbench export', () => {
  it('refuses weights that are not those of the training', async () => {
    const file = path(...WEIGHTS);
    const intact = readFileSync(file);
    flipLastByte(file);
    const { code, stderr } = await medbench(['export', 'out', '--method=clip', '--out=exported'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('weights.safetensors is damaged or was changed by hand');
    writeFileSync(file, intact);
  });
});
