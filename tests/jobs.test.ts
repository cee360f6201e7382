import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessRunning, Lock, type RunResults, random } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, medbench, TINY, temporaryFolder } from './support/cli.js';
import { full, nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('jobs');
const cwd = folder.path;
afterAll(() => folder.dispose());

/** Two seeds of a row to share among processes; `npm run test:full` has two rows, tasks and controls. */
const ARGS = [
  'run',
  '--preset=demo',
  `--methods=${full ? 'clip,' : ''}clip-scratch`,
  `--tasks=${full ? 'phantom-retrieval,' : ''}roco-retrieval`,
  `--set=controls=${full ? '["chance","untrained"]' : '["untrained"]'}`,
  '--seed=0,1',
  ...TINY,
] as const;

/** The generated data that the run reads, and none besides. */
const READ = ['phantoms', 'shapes', 'pmc-oa', 'quilt-1m', 'mimic-cxr', 'roco', 'webdataset'];

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
    await providePhantoms(join(cwd, '.medbench'), 'few', READ);
    const { code, stderr } = await medbench([...ARGS, '--jobs=1', '--out=alone'], { cwd });
    expect(code).toBe(0);
    expect(stderr).not.toContain('already done');
    alone = readResults('alone');
  }, 300_000);

  /** Checks the figures, that each cell was reported once though the last process reads it again, and that no lock is held. */
  const expectAsAlone = (out: string, stderr: string): void => {
    expect(withoutTimes(readResults(out))).toEqual(withoutTimes(alone));
    expect(stderr.match(/clip-scratch \/ roco-retrieval \/ retrieval/g)).toHaveLength(2);
    // No process drew data that the run doesn't read.
    expect(readdirSync(join(cwd, '.medbench/phantoms')).sort()).toEqual(
      ['GENERATED.txt', 'PHANTOM.json', ...READ].sort(),
    );
    const held = new RunLayout(join(cwd, out)).locks().filter(([, lock]) => new Lock(lock).look().state !== 'free');
    expect(held).toEqual([]);
  };

  nightly('gives the figures of one process, in the same order, and leaves no lock', async () => {
    const { code, stderr } = await medbench([...ARGS, '--jobs=2', '--out=two'], { cwd });
    expect(code).toBe(0);
    expectAsAlone('two', stderr);
  });

  it('gives the figures of one process, in the same order, when one of two is killed, and leaves no lock', async () => {
    let killed: readonly number[] = [];
    const { code, stderr } = await runAndDisturb('killed', /train clip/, (_, workers) => {
      killed = workers;
      process.kill(workers[0]!, 'SIGKILL');
    });
    expect(killed).toHaveLength(2);
    expect(stderr).toMatch(/a process of this run ended early \(SIGKILL\)/);
    expect(code).toBe(0);
    expectAsAlone('killed', stderr);
  });

  it('stops all processes when it is interrupted, and is finished by others that know the run folder alone', async () => {
    let workers: readonly number[] = [];
    const begun = await runAndDisturb('shared', /train clip/, (parent, ids) => {
      workers = ids;
      parent.kill('SIGTERM');
    });
    expect(begun.code).toBe(130);
    expect(workers).toHaveLength(2);
    expect(workers.filter(isProcessRunning)).toEqual([]);
    // Another working folder: the run says where its own is.
    const elsewhere = { cwd: '/', env: { MEDBENCH_CACHE: join(cwd, '.medbench') } };
    const work = (args: readonly string[], stop?: RegExp): Promise<Finished> =>
      medbench(['work', join(cwd, 'shared'), ...args], {
        ...elsewhere,
        started(child) {
          child.stderr?.on('data', (chunk) => {
            if (stop?.test(String(chunk))) child.kill('SIGTERM');
          });
        },
      });
    const states = async (): Promise<readonly { id: string; state: string }[]> =>
      JSON.parse((await medbench(['status', join(cwd, 'shared'), '--json'], elsewhere)).stdout);
    expect((await work(['--unit=gather'])).stderr).toMatch(/cannot be gathered: .* not done/);
    const [stopped, other] = await Promise.all([
      work(['--unit=clip-scratch:0'], /train clip-scratch, seed 0/),
      work(['--unit=clip-scratch:1']),
    ]);
    expect([stopped.code, other.code]).toEqual([130, 0]);
    expect(await states()).toMatchObject([
      ...(full ? [{ id: 'general' }, { id: 'clip:0' }] : []),
      { id: 'clip-scratch:0', state: 'waiting' },
      ...(full ? [{ id: 'chance:0' }] : []),
      { id: 'untrained:0' },
      ...(full ? [{ id: 'clip:1' }] : []),
      { id: 'clip-scratch:1', state: 'done' },
      ...(full ? [{ id: 'chance:1' }] : []),
      { id: 'untrained:1' },
      { id: 'gather', state: 'waiting' },
    ]);
    const last = await work([]);
    expect(last.code).toBe(0);
    expect(last.stderr.match(/train clip-scratch: done in/g)).toHaveLength(1);
    expect(withoutTimes(readResults('shared'))).toEqual(withoutTimes(alone));
    expect((await states()).filter(({ state }) => state !== 'done')).toEqual([]);
  });

  for (const count of [2, 4]) {
    nightly(
      `gives the same when ${count} processes work and twelve are killed, and repeats no finished unit`,
      async () => {
        const draw = random(count, 'kills');
        for (let kills = 0, round = 0; kills < 12; round++) {
          const out = `kills-${count}-${round}`;
          await runAndDisturb(out, /train clip/, (parent) => parent.kill('SIGKILL'));
          const written = new Map<string, number>();
          const note = (): void => {
            for (const file of readdirSync(join(cwd, out), { recursive: true }).map(String)) {
              if (!/^cells.*\.json$|training\.json$/.test(file)) continue;
              const { mtimeMs } = statSync(join(cwd, out, file));
              // A unit that was done before is not done again.
              expect([file, mtimeMs]).toEqual([file, written.get(file) ?? mtimeMs]);
              written.set(file, mtimeMs);
            }
          };
          const work = async (): Promise<void> => {
            for (let code: number | null = null; code === null; ) {
              const after = kills < 12 ? 800 + 3000 * draw.uniform() : undefined;
              ({ code } = await medbench(['work', out], {
                cwd,
                started: (child) => after !== undefined && setTimeout(() => child.kill('SIGKILL'), after),
              }));
              if (code === null) kills++;
              note();
            }
          };
          await Promise.all(Array.from({ length: count }, work));
          // Whoever found that others held the rest has ended; the last of those may have been killed.
          await medbench(['work', out], { cwd });
          note();
          expect(withoutTimes(readResults(out))).toEqual(withoutTimes(alone));
        }
      },
      600_000,
    );
  }

  it('gives a row and a task that fail the reason that one process gives', async () => {
    const args = [
      ...ARGS,
      '--seed=0',
      '--methods=clip-scratch,clip-locked',
      '--set=controls=["chance"]',
      '--set=training.learningRate=1e30',
      '--set=training.clipNorm=null',
      '--set=general.learningRate=0.001',
    ];
    const places = ['--launcher=inline', '--set=launcher.local.jobs=2'];
    const [one, two] = places.map((place, i) => medbench([...args, place, `--out=fails-${i + 1}`], { cwd }));
    expect((await one)!.code).toBe(1);
    expect((await two)!.code).toBe(1);
    const [first, second] = [readResults('fails-1'), readResults('fails-2')];
    expect(first.cells.some(({ status }) => status === 'failed')).toBe(true);
    expect(withoutTimes(second)).toEqual(withoutTimes(first));
    const { stdout } = await medbench(['status', 'fails-2', '--json'], { cwd });
    const failed = JSON.parse(stdout).filter(({ state }: { state: string }) => state === 'failed');
    expect(failed.map(({ why }: { why: string }) => why)).toContain(
      first.cells.find(({ method, status }) => method === 'clip-scratch' && status === 'failed')!.error,
    );
  });

  nightly('records the threads as a setting, and trains again with another number', async () => {
    expect(alone.run.settings.threads).toBe(1);
    const args = [...ARGS, '--seed=0', '--methods=clip-scratch', '--jobs=1', '--out=alone'];
    expect((await medbench(args, { cwd })).stderr).toContain('already done');
    const { stderr } = await medbench([...args, '--set=threads=2'], { cwd });
    expect(stderr).not.toContain('already done');
    expect(readResults('alone').run.settings.threads).toBe(2);
  });
});
