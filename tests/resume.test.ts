import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type RunResults, random } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('resume');
const cwd = folder.path;
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

const ARGS = [
  'run',
  '--preset=demo',
  '--methods=clip,clip-partial',
  '--tasks=pneumoniamnist,phantom-retrieval',
  ...TINY,
  // Between two checkpoints, so that a kill may come after a validation that no checkpoint has.
  ...['--set=training.validation.corpus=pmc-oa:split=valid', '--set=training.validation.every=3'],
  ...['--set=training.validation.loss=clip', '--set=training.validation.batchSize=2'],
] as const;

const readResults = (out: string): RunResults => JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));

/** Kills of each run, at random moments. `npm run bench:kills` kills whole runs a hundred times. */
const KILLS = 2;

interface Killing {
  readonly args: readonly string[];
  readonly out: string;
  /** A kill comes after at most this share of an undisturbed run's time. */
  readonly share: number;
  readonly expected: RunResults;
  /** Duration of an undisturbed run in milliseconds. */
  readonly duration: number;
}

/** Kills a run at random moments, then lets it finish. Checks that no finished cell is computed twice. */
async function killed({ args, out: name, share, expected, duration }: Killing): Promise<void> {
  const out = join(cwd, name);
  const stream = random(7, 'kills');
  const written = new Map<string, number>();
  const note = (): void => {
    for (const { method, task } of expected.cells) {
      const file = join(out, 'cells', method, task, 'seed-0.json');
      const mtime = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      if (mtime === undefined) continue;
      // A cell that existed before this attempt has not been written again.
      expect(mtime).toBe(written.get(file) ?? mtime);
      written.set(file, mtime);
    }
  };
  for (let kill = 0; kill < KILLS; kill++) {
    // The first attempts are killed as early as start-up. Progress is kept, so later attempts get further.
    const after = 200 + stream.uniform() * duration * share;
    const { code } = await medbench([...args, `--out=${name}`], {
      cwd,
      started: (child) => setTimeout(() => child.kill('SIGKILL'), after),
    });
    note();
    if (code === 0) {
      // The run finished before the signal: start again, so that every kill interrupts some work.
      rmSync(out, { recursive: true });
      written.clear();
    }
  }
  expect((await medbench([...args, `--out=${name}`], { cwd })).code).toBe(0);
  note();
  expect(withoutTimes(readResults(name))).toEqual(withoutTimes(expected));
}

describe('a run', () => {
  let undisturbed: RunResults;
  let duration: number;
  beforeAll(async () => {
    const { code, stderr, ms } = await medbench([...ARGS, '--out=undisturbed'], { cwd });
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    duration = ms;
    undisturbed = readResults('undisturbed');
    const validated = undisturbed.training.filter(({ method }) => method !== 'general');
    for (const { validation } of validated) expect(validation!.curve.map(({ step }) => step)).toEqual([3, 6, 9, 12]);
  });

  it('gives different figures for another seed', async () => {
    expect((await medbench([...ARGS, '--out=other', '--seed=1'], { cwd })).code).toBe(0);
    const values = ({ cells }: RunResults) => cells.map(({ value }) => value);
    const losses = ({ training }: RunResults) => training.map(({ finalLoss }) => finalLoss);
    expect(values(readResults('other'))).not.toEqual(values(undisturbed));
    for (const [i, loss] of losses(readResults('other')).entries()) expect(loss).not.toBe(losses(undisturbed)[i]);
  });

  it('killed at random moments ends with the same results and repeats no finished cell', async () => {
    await killed({ args: ARGS, out: 'killed', share: 0.6, expected: undisturbed, duration });
  });

  it('gives the same figures for the same seed, and refuses a second process on its folder', async () => {
    let second: Promise<Awaited<ReturnType<typeof medbench>>> | undefined;
    const first = await medbench([...ARGS, '--out=shared'], {
      cwd,
      started: (child) => {
        child.stderr?.once('data', () => {
          second = medbench([...ARGS, '--out=shared'], { cwd });
        });
      },
    });
    const refused = await second!;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/shared is in use by process \d+/);
    expect(first.code).toBe(0);
    expect(withoutTimes(readResults('shared'))).toEqual(withoutTimes(undisturbed));
  });

  it('interrupted by SIGINT exits with code 130 and resumes', async () => {
    const { code, stderr } = await medbench([...ARGS, '--out=interrupted'], {
      cwd,
      started: (child) => {
        child.stderr?.on('data', (chunk) => {
          if (String(chunk).includes('train clip')) child.kill('SIGINT');
        });
      },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/nterrupted|stopped at step/);
    expect((await medbench([...ARGS, '--out=interrupted'], { cwd })).code).toBe(0);
    expect(withoutTimes(readResults('interrupted'))).toEqual(withoutTimes(undisturbed));
  });
});

describe('a run of all eight methods', () => {
  const EIGHT = [
    'run',
    '--preset=demo',
    '--tasks=phantom-retrieval',
    '--set=controls=[]',
    '--set=training.validation.share=0.1',
    '--set=training.validation.every=3',
    '--set=methodSettings.slip.hidden=32',
    '--set=methodSettings.masked-cl.hidden=32',
    ...TINY,
    '--set=training.checkpointEvery=2',
  ];
  const readWeights = (out: string): Map<string, string> =>
    new Map(
      readdirSync(join(cwd, out, 'checkpoints')).map((method) => {
        const file = join(cwd, out, 'checkpoints', method, 'seed-0', 'weights.safetensors');
        return [method, createHash('sha256').update(readFileSync(file)).digest('hex')];
      }),
    );

  it('killed at random moments ends with the same weights, to the last bit', async () => {
    const { code, ms: duration, stderr } = await medbench([...EIGHT, '--out=eight'], { cwd });
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    const expected = readResults('eight');
    await killed({ args: EIGHT, out: 'eight-killed', share: 0.3, expected, duration });
    const weights = readWeights('eight');
    expect(weights.size).toBe(9);
    expect(readWeights('eight-killed')).toEqual(weights);
  });
});
