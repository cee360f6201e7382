import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, medbench, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('jobs');
const cwd = folder.path;
afterAll(() => folder.dispose());

const ARGS = [
  'run',
  '--preset=demo',
  '--methods=clip,clip-scratch',
  '--tasks=phantom-retrieval,roco-retrieval',
  '--set=controls=["chance","untrained"]',
  '--seed=0,1',
  ...TINY,
] as const;

const readResults = (out: string): RunResults => JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));

/** Ids of the processes that a process has started. */
const childrenOf = (pid: number): number[] => {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Runs with two processes, and calls back with its process and theirs when the output first matches. */
const runAndDisturb = (
  out: string,
  when: RegExp,
  disturb: (parent: { readonly kill: (signal: NodeJS.Signals) => void }, workers: readonly number[]) => void,
): Promise<Finished> =>
  medbench([...ARGS, '--jobs=2', `--out=${out}`], {
    cwd,
    started(child) {
      let output = '';
      let done = false;
      child.stderr?.on('data', (chunk) => {
        output += chunk;
        if (done || !when.test(output)) return;
        done = true;
        disturb({ kill: (signal) => child.kill(signal) }, childrenOf(child.pid!));
      });
    },
  });

describe('a run with several processes', () => {
  let alone: RunResults;
  beforeAll(async () => {
    await providePhantoms(join(cwd, '.medbench'));
    const { code } = await medbench([...ARGS, '--jobs=1', '--out=alone'], { cwd });
    expect(code).toBe(0);
    alone = readResults('alone');
  }, 300_000);

  it('gives the figures of one process, in the same order, and leaves no claim', async () => {
    const { code, stderr } = await medbench([...ARGS, '--jobs=2', '--out=two'], { cwd });
    expect(code).toBe(0);
    expect(withoutTimes(readResults('two'))).toEqual(withoutTimes(alone));
    // Each cell is reported once, although the process that writes the table reads it again.
    expect(stderr.match(/clip-scratch \/ roco-retrieval \/ retrieval/g)).toHaveLength(2);
    expect(existsSync(join(cwd, 'two/.claims'))).toBe(false);
  });

  it('repeats the work of a process that is killed', async () => {
    let killed: readonly number[] = [];
    const { code, stderr } = await runAndDisturb('killed', /train clip/, (_, workers) => {
      killed = workers;
      process.kill(workers[0]!, 'SIGKILL');
    });
    expect(killed).toHaveLength(2);
    expect(stderr).toMatch(/a process of this run ended early \(SIGKILL\)/);
    expect(code).toBe(0);
    expect(withoutTimes(readResults('killed'))).toEqual(withoutTimes(alone));
  });

  it('stops all processes when it is interrupted, and resumes', async () => {
    let workers: readonly number[] = [];
    const { code } = await runAndDisturb('stopped', /train clip/, (parent, ids) => {
      workers = ids;
      parent.kill('SIGTERM');
    });
    expect(code).toBe(130);
    expect(workers.filter(isRunning)).toEqual([]);
    expect((await medbench([...ARGS, '--jobs=2', '--out=stopped'], { cwd })).code).toBe(0);
    expect(withoutTimes(readResults('stopped'))).toEqual(withoutTimes(alone));
  });

  it('gives a row and a task that fail the reason that one process gives', async () => {
    const args = [
      ...ARGS,
      '--seed=0',
      '--methods=clip-scratch,clip-locked',
      '--set=training.learningRate=1e30',
      '--set=training.clipNorm=null',
      '--set=general.learningRate=0.001',
    ];
    const [one, two] = [1, 2].map((jobs) => medbench([...args, `--jobs=${jobs}`, `--out=fails-${jobs}`], { cwd }));
    expect((await one)!.code).toBe(1);
    expect((await two)!.code).toBe(1);
    const [first, second] = [readResults('fails-1'), readResults('fails-2')];
    expect(first.cells.some(({ status }) => status === 'failed')).toBe(true);
    expect(withoutTimes(second)).toEqual(withoutTimes(first));
  });

  it('records the threads as a setting, and trains again with another number', async () => {
    expect(alone.run.settings.threads).toBe(1);
    const args = [...ARGS, '--seed=0', '--methods=clip-scratch', '--jobs=1', '--out=threads'];
    expect((await medbench(args, { cwd })).stderr).not.toContain('already done');
    expect((await medbench(args, { cwd })).stderr).toContain('already done');
    const { stderr } = await medbench([...args, '--set=threads=2'], { cwd });
    expect(stderr).not.toContain('already done');
    expect(readResults('threads').run.settings.threads).toBe(2);
  });
});
