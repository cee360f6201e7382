import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  awaitLock,
  ensureFolder,
  type LaunchedUnit,
  Launcher,
  type LaunchOutcome,
  type LaunchRequest,
  type LaunchUnit,
  MedbenchError,
  writeFileAtomic,
} from '@medbench/core';
import { type Batch, GATHER, makeBatches } from './batches.js';
import { cancelJobs, readQueue, requireSlurm, submit } from './commands.js';
import { isEnding, jobId, type QueuedJob } from './queue.js';
import { batchScript, jobName, type ScriptInput } from './script.js';
import { settings } from './settings.js';
import {
  jobsOfRun,
  nextFolder,
  readSubmissions,
  type SubmittedScript,
  type UnitJob,
  writeSubmission,
} from './submissions.js';

type Request = LaunchRequest<typeof settings>;

/** Milliseconds to wait for another process that submits units of the same run. */
const PATIENCE = 60_000;
/** Milliseconds to wait for jobs that are ending, and between two looks at them. SLURM kills them after 30 s by default. */
const ENDING = 120_000;
const LOOK = 1000;

/** Collects the parts of a request that scripts in a folder are made of. */
function scriptInput(request: Request, files: string): ScriptInput {
  const { command, cwd, env, folder, jobs, settings } = request;
  const label = `medbench-${basename(folder).replace(/[^\w.-]/g, '_')}`;
  return { command, cwd, env, folder, settings, files, label, ...(jobs === undefined ? {} : { jobs }) };
}

/** Lists the units that are not done, with those of their needs that are not. */
async function unitsLeft(request: Request): Promise<LaunchUnit[]> {
  const units = (await request.units()).filter(({ done }) => !done);
  const open = new Set(units.map(({ id }) => id));
  return units.map((unit) => ({ ...unit, needs: unit.needs.filter((id) => open.has(id)) }));
}

const described = ({ name, units }: Batch): string => (units.length === 1 ? name : `${name} (${units.length} units)`);

/** Lists the jobs of a run that wait, run or are ending. @throws MedbenchError('store') if the queue cannot be read. */
async function readJobs(files: string): Promise<UnitJob[]> {
  const submissions = readSubmissions(files);
  return submissions.length === 0 ? [] : jobsOfRun(submissions, await readQueue());
}

/**
 * Lists the jobs of a run that wait or run, after waiting for those that are ending: only then is it known whether they run again.
 * @throws MedbenchError('store') if the queue cannot be read; ('interrupted').
 */
async function settledJobs({ files, observer, signal }: Request): Promise<UnitJob[]> {
  const end = performance.now() + ENDING;
  for (let told = false; ; told = true) {
    const jobs = await readJobs(files);
    if (!jobs.some(isEnding) || performance.now() > end) return jobs;
    if (!told) observer.message('waiting for jobs of this run that are ending');
    await delay(LOOK, undefined, { signal }).catch(() => {
      throw new MedbenchError('interrupted', 'Stopped before anything was submitted');
    });
  }
}

const launchedUnit = ({ unit, state, reason, nodes, ...job }: UnitJob): LaunchedUnit => ({
  unit,
  job: jobId(job),
  state: `${state.toLowerCase()}${nodes === '' ? '' : ` on ${nodes}`}${reason === '' ? '' : ` (${reason})`}`,
});

/**
 * Hands the units of a run to SLURM: `general`, then arrays over the rows and seeds, then `gather`. The scripts, and the
 * numbers of the jobs, are in the run folder; whether a job is there, `squeue` says. Units that wait or run are not
 * submitted again.
 */
@Launcher({ id: 'slurm', title: 'Jobs of a cluster with SLURM', submits: true, settings })
export class Slurm implements Launcher<typeof settings> {
  async launch(request: Request): Promise<LaunchOutcome> {
    const { files, folder } = request;
    await requireSlurm();
    await ensureFolder(files);
    const lock = await awaitLock(files, { doing: 'submits units', patience: PATIENCE, signal: request.signal });
    try {
      // First the queue: the unit of a job that ends in between is done, not missing.
      const taken = new Map((await settledJobs(request)).map((job) => [job.unit, job]));
      const left = await unitsLeft(request);
      const missing = left.filter(({ id }) => !taken.has(id));
      const table = taken.get(GATHER);
      if (table && missing.length > 0) {
        // It waits for the jobs of before alone.
        await cancelJobs([jobId(table)]);
        taken.delete(GATHER);
        missing.push(left.find(({ id }) => id === GATHER)!);
      }
      const how = `medbench status ${folder} says how far they are, medbench cancel ${folder} ends them`;
      if (missing.length === 0) {
        const jobs = new Set([...taken.values()].map(({ job }) => job));
        return { state: 'submitted', description: `SLURM has all units already, in ${listed(jobs)}. ${how}.` };
      }
      const jobs = await this.#submit(request, missing, taken);
      return { state: 'submitted', description: `SLURM has the units, in ${listed(jobs)}. ${how}.` };
    } finally {
      lock.release();
    }
  }

  async preview(request: Request): Promise<string> {
    const folder = nextFolder(request.files);
    const input = scriptInput(request, folder);
    return makeBatches(await unitsLeft(request))
      .map((batch, i, all) => {
        const before = all.slice(0, i).filter(({ units }) => units.some((id) => batch.needs.includes(id)));
        const after = before.length > 0 ? `, after ${before.map(({ name }) => `${name}.sh`).join(' and ')}` : '';
        return `# ${join(folder, `${batch.name}.sh`)}${after}\n${batchScript(batch, input)}`;
      })
      .join('\n');
  }

  async jobs(files: string): Promise<LaunchedUnit[]> {
    return (await readJobs(files)).map(launchedUnit);
  }

  async cancel(files: string): Promise<readonly LaunchedUnit[]> {
    const jobs = await readJobs(files);
    await cancelJobs([...new Set(jobs.map(({ job }) => String(job)))]);
    return jobs.map(launchedUnit);
  }

  /** @returns the numbers of the jobs. */
  async #submit(
    request: Request,
    units: readonly LaunchUnit[],
    taken: ReadonlyMap<string, QueuedJob>,
  ): Promise<ReadonlySet<number>> {
    const { observer } = request;
    const folder = nextFolder(request.files);
    const input = scriptInput(request, folder);
    const batches = makeBatches(units);
    const scripts = batches.map((batch) => batchScript(batch, input));
    const known = new Map([...taken].map(([unit, { job }]) => [unit, job]));
    const records: SubmittedScript[] = batches.map((batch) => ({
      script: `${batch.name}.sh`,
      name: jobName(input.label, batch),
      units: batch.units,
    }));
    // Written before the first job is there, so that every job is known by its script.
    for (const [i, { script }] of records.entries()) await writeFileAtomic(join(folder, script), scripts[i]!);
    writeSubmission({ folder, scripts: records });
    const submitted = new Set<number>();
    for (const [i, batch] of batches.entries()) {
      const after = new Set(batch.needs.flatMap((id) => known.get(id) ?? []));
      const job = await submit(join(folder, records[i]!.script), [...after]);
      submitted.add(job);
      for (const unit of batch.units) known.set(unit, job);
      records[i] = { ...records[i]!, job };
      writeSubmission({ folder, scripts: records });
      observer.message(`job ${job}: ${described(batch)}`);
    }
    return submitted;
  }
}

const listed = (jobs: ReadonlySet<number>): string => `${jobs.size === 1 ? 'job' : 'jobs'} ${[...jobs].join(', ')}`;
