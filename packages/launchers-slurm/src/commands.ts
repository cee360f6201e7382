import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { errorMessage, MedbenchError } from '@medbench/core';
import { parseQueue, type QueuedJob } from './queue.js';

/** Runs a command of SLURM. @returns what it printed. */
async function run(name: string, args: readonly string[], hints: Hints): Promise<string> {
  // Long lists of tasks would otherwise be cut off.
  const child = spawn(name, args, {
    env: { ...process.env, SLURM_BITSTR_LEN: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  // Of a command that cannot be started, the error below says more.
  output.catch(() => {});
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal));
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw new MedbenchError('store', `${name}: ${errorMessage(cause)}`, { cause });
    throw new MedbenchError('store', `${name} is not here, so there is no SLURM to use`, {
      hint:
        'Run it on a login node of the cluster, or install its commands (Debian: apt-get install slurm-client). ' +
        '--launcher local uses this machine.',
      cause,
    });
  });
  const [stdout, stderr] = await output;
  if (code === 0) return stdout;
  const said = stderr
    .split('\n')
    .map((line) => line.replace(/^\w+: (error: )?/, '').trim())
    .filter(Boolean);
  throw new MedbenchError('store', `${hints.what} (${name}): ${said.join('; ') || `exit code ${code}`}`, {
    hint: hints.hint,
  });
}

/** How an error says what failed, and the way out. */
interface Hints {
  readonly what: string;
  readonly hint: string;
}

/** @throws MedbenchError('store') if there is no SLURM here. */
export const requireSlurm = async (): Promise<void> => {
  await run('sbatch', ['--version'], { what: 'SLURM does not work here', hint: '--launcher local uses this machine.' });
};

/**
 * Submits a script.
 * @param after numbers of jobs that must have ended before, well or not.
 * @returns the number of the job.
 * @throws MedbenchError('store') with the words of sbatch.
 */
export async function submit(script: string, after: readonly number[]): Promise<number> {
  const dependency = after.length > 0 ? [`--dependency=${afterAny(after)}`] : [];
  const printed = await run('sbatch', ['--parsable', ...dependency, script], {
    what: `SLURM did not take ${script}`,
    hint:
      'Settings of launcher.slurm become #SBATCH lines of that script: correct the one that it names. The same command then ' +
      'submits what is left.',
  });
  // With several clusters, the name of the cluster follows.
  const job = Number(printed.trim().split(';')[0]);
  if (Number.isInteger(job) && job > 0) return job;
  throw new MedbenchError('store', `sbatch printed "${printed.trim()}" instead of the number of a job`, {
    hint: `See with squeue whether ${script} was submitted, and scancel it before you try again.`,
  });
}

/** The dependency on jobs that must have ended, well or not: a row that fails must not keep the table from being written. */
export const afterAny = (jobs: readonly number[]): string => `afterany:${jobs.join(':')}`;

/** Lists the jobs that SLURM has, those of other people too. @throws MedbenchError('store') */
export async function readQueue(): Promise<QueuedJob[]> {
  // Whether it passes over the jobs of other users depends on its version.
  const printed = await run('squeue', ['--json'], {
    what: 'The queue of SLURM cannot be read',
    hint: 'Is its controller reachable, and is it version 21.08 or later? See whether squeue --json works here.',
  });
  return parseQueue(printed);
}

/** Cancels jobs, given as `12` or `12_3`. @throws MedbenchError('store') */
export async function cancelJobs(jobs: readonly string[]): Promise<void> {
  if (jobs.length === 0) return;
  await run('scancel', jobs, { what: 'Jobs cannot be cancelled', hint: `Try scancel ${jobs.join(' ')}.` });
}
