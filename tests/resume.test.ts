import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type RunResults, random } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { full } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('resume');
const cwd = folder.path;
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

/** By default several terms, a queue and batch norms, and two phases with a program each. */
const METHODS = full ? 'all' : 'declip,flip';
const ARGS = [
  'run',
  '--preset=demo',
  `--methods=${METHODS}`,
  `--tasks=${full ? 'pneumoniamnist,' : ''}phantom-retrieval`,
  '--set=controls=["untrained"]',
  // Small heads, and a second phase long enough to be interrupted.
  ...['slip', 'masked-cl', 'declip'].map((method) => `--set=methodSettings.${method}.hidden=32`),
  '--set=methodSettings.declip.queue=64',
  '--set=methodSettings.flip.tuning=0.25',
  ...TINY,
  // Between two checkpoints, so that a kill may come after a validation that no checkpoint has.
  ...['--set=training.validation.corpus=pmc-oa:split=valid', '--set=training.validation.every=3'],
  ...['--set=training.validation.loss=clip', '--set=training.validation.batchSize=2'],
] as const;
/** The shortest run, which is enough where another seed or process matters. */
const SHORT = [
  ...['run', '--preset=demo', '--methods=clip-scratch', '--tasks=phantom-retrieval', '--set=controls=["chance"]'],
  ...TINY,
] as const;

const readResults = (out: string): RunResults => JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));

interface Killing {
  readonly args: readonly string[];
  readonly out: string;
  /** Kills at random moments. `npm run bench:kills` kills whole runs a hundred times. */
  readonly kills: number;
  /** A kill comes after at most this share of an undisturbed run's time. */
  readonly share: number;
  readonly expected: RunResults;
  /** Duration of an undisturbed run in milliseconds. */
  readonly duration: number;
}

/** Kills a run at random moments, then lets it finish. Checks that no finished cell is computed twice. */
async function killed({ args, out: name, kills, share, expected, duration }: Killing): Promise<void> {
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
  for (let kill = 0; kill < kills; kill++) {
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

const readWeights = (out: string): Map<string, string> =>
  new Map(
    readdirSync(join(cwd, out, 'checkpoints')).map((method) => {
      const file = join(cwd, out, 'checkpoints', method, 'seed-0', 'weights.safetensors');
      return [method, createHash('sha256').update(readFileSync(file)).digest('hex')];
    }),
  );

describe(`a run of the methods ${METHODS}${full ? '' : ' (npm run test:full: all)'}`, () => {
  let undisturbed: RunResults;
  let duration: number;
  beforeAll(async () => {
    const { code, stderr, ms } = await medbench([...ARGS, '--out=undisturbed'], { cwd, fresh: true });
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    duration = ms;
    undisturbed = readResults('undisturbed');
    const validated = undisturbed.training.filter(({ method }) => method !== 'general');
    for (const { validation } of validated) expect(validation!.curve.map(({ step }) => step)).toEqual([3, 6, 9, 12]);
  });

  it('interrupted by SIGINT exits with code 130; killed at random moments, it ends with the same weights and figures', async () => {
    const { code, stderr } = await medbench([...ARGS, '--out=disturbed'], {
      cwd,
      started: (child) => {
        child.stderr?.on('data', (chunk) => {
          if (String(chunk).includes('train declip')) child.kill('SIGINT');
        });
      },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/nterrupted|stopped at step/);
    const kills = full ? 3 : 1;
    await killed({ args: ARGS, out: 'disturbed', kills, share: 0.6, expected: undisturbed, duration });
    const weights = readWeights('undisturbed');
    // Those of the methods, and the general-domain weights.
    expect(weights.size).toBe(undisturbed.methods.filter(({ control }) => !control).length + 1);
    // To the last bit.
    expect(readWeights('disturbed')).toEqual(weights);
  });
});

describe('another run', () => {
  // That two runs with one seed have equal figures, tests/cli.test.ts checks with and without --profile.
  it('gives different figures for another seed, and refuses a second process on its folder', async () => {
    const runs = [0, 1].map((seed) => {
      const args = [...SHORT, `--out=seed-${seed}`, `--seed=${seed}`];
      let second: ReturnType<typeof medbench> | undefined;
      const first = medbench(args, {
        cwd,
        started: (child) => {
          if (seed === 1) {
            child.stderr?.once('data', () => {
              second = medbench(args, { cwd });
            });
          }
        },
      });
      return { first, second: () => second };
    });
    for (const { first } of runs) expect((await first).code).toBe(0);
    const refused = await runs[1]!.second()!;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/seed-1 is in use by process \d+/);
    const values = (out: string) => readResults(out).cells.map(({ value }) => value);
    const losses = (out: string) => readResults(out).training.map(({ finalLoss }) => finalLoss);
    expect(values('seed-1')).not.toEqual(values('seed-0'));
    for (const [i, loss] of losses('seed-1').entries()) expect(loss).not.toBe(losses('seed-0')[i]);
  });
});
