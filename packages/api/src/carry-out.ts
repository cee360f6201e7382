import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import {
  awaitLock,
  ensureFolder,
  MedbenchError,
  NO_PROFILE,
  type Profile,
  type RunResults,
  type StudyRecord,
  unwritableError,
} from '@medbench/core';
import {
  type Config,
  chooseBackend,
  composePlugins,
  composeRun,
  interrupted,
  listUnits,
  makePlan,
  type Plan,
  type ProfileClock,
  Run,
  RunLayout,
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

/** Bytes of the longest path and of the longest name in it, where they are known; Windows has other rules. */
const LONGEST_PATH = { linux: 4095, darwin: 1023 } as Readonly<Record<string, number>>;
const LONGEST_NAME = 255;
/** Bytes that a temporary file adds to a name. */
const TEMPORARY = '.1234567-0a1b2c3d.tmp'.length;

/** @throws MedbenchError('usage') if a file of the run would have a path that is too long, before hours of training. */
function checkPathLengths(folder: string, { rows, tasks, config }: Plan): void {
  const layout = new RunLayout(folder);
  const seed = Math.max(...config.seeds);
  for (const { id } of rows) {
    const paths = tasks.flatMap((task) => [
      layout.cell(id, task.id, seed),
      join(layout.embedding(id, seed, task.id), 'zero-shot.features.npy'),
    ]);
    for (const path of [...paths, layout.weights(id, seed, config.training.steps)]) {
      const bytes = Buffer.byteLength(path) + TEMPORARY;
      const name = Math.max(...path.split(sep).map((part) => Buffer.byteLength(part)));
      if (bytes <= (LONGEST_PATH[process.platform] ?? Number.POSITIVE_INFINITY) && name <= LONGEST_NAME) continue;
      const what = name > LONGEST_NAME ? `The row ${id.slice(0, 40)}… has a name` : 'The run folder has a path';
      throw new MedbenchError('usage', `${what} that is too long for the files of the run`, {
        hint:
          name > LONGEST_NAME ? 'Give the row fewer settings, or set them for all rows.' : 'Choose a shorter --out.',
      });
    }
  }
}

/** @throws MedbenchError('store') that names MEDBENCH_CACHE if the cache folder cannot be made or written. */
async function requireCache(folder: string): Promise<void> {
  const remedy = 'Set MEDBENCH_CACHE to a folder that you may write to';
  await ensureFolder(folder, remedy);
  await access(folder, constants.W_OK).catch((cause) => {
    throw unwritableError(folder, cause, remedy);
  });
}

/** Waits for a promise until the user stops the run. @throws MedbenchError('interrupted') */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw interrupted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(interrupted());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
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
  checkPathLengths(folder, plan);
  await requireCache(cacheFolder(cwd));
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
    const backend = await chooseBackend(registry, config);
    observer.started(plan, backend);
    clock?.started();
    const dataRoot = await untilAborted(dataFolder(workspace, config, message, clock), signal);
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
