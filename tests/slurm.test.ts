import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ScheduledUnit } from '@medbench/api';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, medbench, TINY, temporaryFolder } from './support/cli.js';
import { full } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';
import { findSlurm, type Slurm, type SlurmPrograms, startSlurm } from './support/slurm.js';
import { withoutTimes } from './support/without-times.js';

const found = await findSlurm();
const missing = typeof found === 'string' ? ` (skipped: ${found})` : '';

/** Rows that start from the general-domain weights, and one that does not, with two seeds each. */
const ROWS = ['clip', 'clip-scratch', ...(full ? ['flip'] : [])];
/** Long enough to be disturbed; the nightly run waits for a time limit, which SLURM looks at every 30 seconds. */
const STEPS = full ? 1500 : 80;
const ARGS = [
  ...['run', '--preset=demo', `--methods=${ROWS.join(',')}`, '--tasks=roco-retrieval', '--seed=0,1'],
  ...['--set=controls=[]', ...TINY, `--set=training.steps=${STEPS}`, '--set=training.checkpointEvery=10'],
];

const folder = temporaryFolder('slurm');
const cwd = folder.path;
const readResults = (out: string): RunResults => JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));

/** Waits until a look at something finds it. */
async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, seconds = 120): Promise<T> {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; await delay(100)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(`Waited ${seconds} s for ${what}`);
}

describe.skipIf(missing !== '')(`a run on SLURM${missing}`, () => {
  let slurm: Slurm;
  /** The processes of a run are SLURM's business here. */
  const env = (): Readonly<Record<string, string>> => ({ ...slurm.env, MEDBENCH_JOBS: '' });
  const submit = (out: string, ...more: readonly string[]): Promise<Finished> =>
    medbench([...ARGS, '--launcher=slurm', `--out=${out}`, ...more], { cwd, env: env() });
  const states = async (out: string): Promise<readonly ScheduledUnit[]> =>
    JSON.parse((await medbench(['status', out, '--json'], { cwd, env: env() })).stdout);
  const queue = async (): Promise<string[]> =>
    (await slurm.command('squeue', '--noheader', '--format=%F %j')).stdout.split('\n').filter(Boolean);

  beforeAll(async () => {
    await providePhantoms(join(cwd, '.medbench'));
    slurm = await startSlurm(found as SlurmPrograms);
  });
  afterAll(async () => {
    await slurm?.stop();
    folder.dispose();
  });

  it('ends by itself with the figures of one process, though a node dies and a job is stopped', async () => {
    // The figures depend on nothing that SLURM does, so one process may work at the same time.
    const alone = medbench([...ARGS, '--launcher=inline', '--out=alone'], { cwd });
    const limits = ['--set=launcher.slurm.time=00:30:00', `--set=launcher.slurm.signal=${full ? 55 : 120}`];
    const submitted = await submit('slurm', ...limits);
    expect([submitted.code, submitted.stderr]).toEqual([0, expect.stringContaining('medbench status ')]);
    // general, clip-scratch, the rows that start from general, and the table.
    const jobs = new Set(submitted.stderr.match(/^job \d+/gm));
    expect(jobs.size).toBe(4);
    const again = await submit('slurm', ...limits);
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('SLURM has all units already')]);

    const printed = join(cwd, 'slurm/launcher/slurm/1');
    const logs = (): readonly string[] =>
      readdirSync(printed).flatMap((name) =>
        name.endsWith('.log') ? [readFileSync(join(printed, name), 'utf8')] : [],
      );
    /** Finds the job of a row that trains on a node for the first time. */
    const training = (node: string): Promise<readonly [unit: string, job: string]> =>
      until(`a training on ${node}`, () => {
        for (const log of logs()) {
          const [, unit = '', job = ''] =
            new RegExp(`(\\S+): job (\\d+_\\d+) on ${node}, start 1$`, 'm').exec(log) ?? [];
          if (job !== '' && /step \d+\/\d+/.test(log) && !/done in/.test(log)) return [unit, job] as const;
        }
        return undefined;
      });

    const [killed] = await training('n2');
    slurm.kill('n2');
    const [stopped, job] = await training('n1');
    if (full) await slurm.command('scontrol', 'update', `JobId=${job}`, 'TimeLimit=1');
    else slurm.warn(job);
    await until(
      'a node that is down',
      async () =>
        (await slurm.command('sinfo', '--noheader', '--Node', '--format=%N %t')).stdout.includes('n2 down') ||
        undefined,
    );
    slurm.start('n2');
    await until('the end of all jobs', async () => ((await queue()).length === 0 ? true : undefined), full ? 900 : 150);

    expect((await alone).code).toBe(0);
    expect(withoutTimes(readResults('slurm'))).toEqual(withoutTimes(readResults('alone')));
    expect((await states('slurm')).map(({ id, state, job: left }) => [id, state, left])).toEqual(
      ['general', ...[0, 1].flatMap((seed) => ROWS.map((row) => `${row}:${seed}`)), 'gather'].map((id) => [
        id,
        'done',
        undefined,
      ]),
    );
    // Both were started again, and resumed from a checkpoint; nothing was trained twice. A time limit of a minute may stop a
    // job more than once.
    const events = readFileSync(join(cwd, 'slurm/log.jsonl'), 'utf8').trim().split('\n');
    const resumed = events.map((line) => JSON.parse(line)).filter((event) => event.resumedAt > 0);
    expect(new Set(resumed.map(({ row, seed }) => `${row}:${seed}`))).toEqual(new Set([killed, stopped]));
    if (!full) expect(resumed).toHaveLength(2);
    const all = logs().join('');
    expect(all.match(/, start 2$/gm)).toHaveLength(2);
    const stops = [...all.matchAll(/(\S+): stopped, queued again$/gm)].map(([, unit]) => unit);
    expect(new Set(stops)).toEqual(new Set([stopped]));
    expect(all.match(/^train (?!general).*: done in/gm)).toHaveLength(2 * ROWS.length);
  });

  it('is submitted once, even if the numbers of the jobs were lost, and cancelled', async () => {
    // No job starts. A login node seldom has the GPU that the jobs will use.
    const held = ['--set=launcher.slurm.extra=--hold', '--backend=xla-cuda'];
    const first = await submit('held', ...held, '--jobs=2');
    expect(first.code).toBe(0);
    const submitted = await queue();
    const record = join(cwd, 'held/launcher/slurm/1/jobs.json');
    const scripts = JSON.parse(readFileSync(record, 'utf8')) as readonly Record<string, unknown>[];
    writeFileSync(record, JSON.stringify(scripts.map(({ job: _, ...script }) => script)));
    expect((await submit('held', ...held)).stderr).toContain('SLURM has all units already');
    expect(await queue()).toEqual(submitted);
    const { stdout } = await medbench(['status', 'held'], { cwd, env: env() });
    expect(stdout).toMatch(/waiting +clip:1 +after general, slurm job \d+_\d+ pending \(JobHeldUser\)/);

    // One array is lost: it is submitted again, and the table waits for it too.
    const [, array] = /^(\d+) medbench-held-rows$/m.exec(submitted.join('\n'))!;
    await slurm.command('scancel', array!);
    const partly = await submit('held', ...held);
    expect(partly.stderr.match(/^job \d+: .*/gm)).toEqual([
      expect.stringMatching(`: rows \\(${2 * ROWS.length - 2} units\\)$`),
      expect.stringMatching(/: gather$/),
    ]);
    expect(readdirSync(join(cwd, 'held/launcher/slurm/2')).sort()).toEqual(['gather.sh', 'jobs.json', 'rows.sh']);

    const cancelled = await medbench(['cancel', 'held'], { cwd, env: env() });
    expect([cancelled.code, cancelled.stdout.trim().split('\n').length]).toEqual([0, 2 * ROWS.length + 2]);
    expect(await queue()).toEqual([]);
    expect((await medbench(['cancel', 'held'], { cwd, env: env() })).stdout).toContain('No scheduler has a job');
  });

  it('is shown as scripts that sbatch takes, and nothing is written', async () => {
    const { code, stdout } = await submit('it\'s 100% "new" $HOME', '--dry-run');
    expect(code).toBe(0);
    const scripts = stdout.split(/^(?=# .*\.sh.*\n#!)/m);
    expect(scripts).toHaveLength(4);
    for (const [i, script] of scripts.entries()) {
      const file = join(cwd, `dry-${i}.sh`);
      writeFileSync(file, script.slice(script.indexOf('\n') + 1));
      expect(await slurm.command('sbatch', '--test-only', file)).toMatchObject({ code: 0 });
    }
    const local = await medbench([...ARGS, '--out=dry', '--dry-run'], { cwd, env: env() });
    expect([local.code, local.stderr]).toEqual([2, expect.stringContaining('The launcher local hands nothing')]);
    expect(existsSync(join(cwd, 'it\'s 100% "new" $HOME'))).toBe(false);
  });

  it('that SLURM refuses says what it says, and the way out', async () => {
    const { code, stderr } = await submit('refused', '--set=launcher.slurm.partition=gold');
    expect(code).toBe(1);
    expect(stderr).toMatch(/error {2}SLURM did not take .*general\.sh \(sbatch\): .*invalid partition/);
    expect(stderr).toContain('Settings of launcher.slurm become #SBATCH lines');
    expect(await queue()).toEqual([]);
  });
});
