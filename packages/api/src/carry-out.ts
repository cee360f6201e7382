import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { awaitLock, NO_PROFILE, type Profile, type RunResults, type StudyRecord } from '@medbench/core';
import {
  type Config,
  chooseBackend,
  composePlugins,
  composeRun,
  listUnits,
  makePlan,
  type Plan,
  type ProfileClock,
  Run,
  type RunObserver,
  RunStore,
  Services,
} from '@medbench/runner';
import { jobsByCores, jobsByMemory, requestedJobs } from './jobs/choose.js';
import { WorkerProcesses } from './jobs/processes.js';
import { planMemory } from './row-plan.js';
import { cacheFolder, namedPlugins, type Workspace } from './workspace.js';

/** A run to execute. */
export interface RunJob {
  readonly workspace: Workspace;
  readonly config: Config;
  /** Default: made from `config`. */
  readonly plan?: Plan;
  /** The run folder: created if it does not exist, else resumed. */
  readonly folder: string;
  /** The command that repeats the run. */
  readonly command: string;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly study?: StudyRecord;
  /** Number of processes. Default: `MEDBENCH_JOBS`, else as many as cores and memory allow. */
  readonly jobs?: number | undefined;
  /** Records where the time goes. */
  readonly clock?: ProfileClock | undefined;
}

/**
 * Returns the folder of the data sets. With `synthetic` this is the folder of the phantoms, which are written first if
 * missing.
 */
export async function dataFolder(
  { cwd }: Workspace,
  config: Config,
  log: (message: string) => void,
  profile: Profile = NO_PROFILE,
): Promise<string> {
  if (!config.synthetic) return resolve(cwd, config.dataRoot);
  return profile.span('phantoms', async () => {
    const { ensurePhantoms } = await import('@medbench/phantoms');
    return ensurePhantoms(cacheFolder(cwd), log);
  });
}

/** Whether the run folder holds every figure of the same settings: then there is nothing to divide. */
const isFinished = ({ config, cells }: Plan, { layout, readJson }: RunStore): boolean =>
  JSON.stringify(readJson<{ config: unknown }>(layout.run)?.config) === JSON.stringify(config) &&
  cells.every(({ row, task, seed }) => existsSync(layout.cell(row.id, task.id, seed)));

/**
 * Starts the processes that carry out the units of a run. The first one starts at once; the estimate of memory decides
 * how many follow.
 */
async function startWorkers(workers: WorkerProcesses, most: number, atMost: () => Promise<number>): Promise<void> {
  workers.start();
  const jobs = Math.min(most, await atMost());
  for (let job = 1; job < jobs; job++) workers.start();
}

/**
 * Executes a run: in this process alone, or with processes that each carry out rows and seeds.
 * @throws MedbenchError for invalid settings, a folder that cannot be used, or an interruption.
 */
export async function carryOut(job: RunJob): Promise<RunResults> {
  const { workspace, config, folder, command, observer, signal, study, clock } = job;
  const requested = requestedJobs(job.jobs);
  const { catalogue, cwd } = workspace;
  const plan = job.plan ?? makePlan(config, catalogue);
  await awaitLock(folder, { waiting: (text) => observer.message(text), signal });
  const store = RunStore.open(folder, (text) => observer.warning(text));
  try {
    const message = (text: string): void => observer.message(text);
    const logger = {
      info: message,
      warn: (text: string) => observer.warning(text),
      event: (entry: Readonly<Record<string, unknown>>) => store.log(entry),
    };
    const plugins = { catalogue, cacheRoot: cacheFolder(cwd), logger, profile: clock, seed: config.seeds[0]! };
    const { registry, container } = composePlugins(plugins);
    const backend = await chooseBackend(registry, config.backend);
    observer.started(plan, backend);
    clock?.started();
    const dataRoot = await dataFolder(workspace, config, message, clock);
    const services = { plan, store, observer, backend, dataRoot, signal, study, cwd };
    const most = isFinished(plan, store) ? 1 : Math.min(requested ?? jobsByCores(plan), listUnits(plan).length);
    if (most < 2) return await (await composeRun(container, services)).get(Run).execute(command);
    const workers = new WorkerProcesses(
      {
        ...{ cwd, config, folder, dataRoot, backend: backend.id, profile: clock !== undefined },
        plugins: namedPlugins(workspace.file),
      },
      { observer, signal, clock, skipped: () => container.get(Services.SkipLog.id) },
    );
    try {
      await composeRun(container, { ...services, observer: workers.observer, workers });
      await startWorkers(workers, most, async () => {
        if (requested !== undefined) return most;
        const { rows, keptImages } = await planMemory(plan, registry, backend.backend);
        return jobsByMemory(rows, keptImages);
      });
      return await container.get(Run).execute(command);
    } finally {
      await workers.stop();
    }
  } finally {
    store.close();
  }
}
