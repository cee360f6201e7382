import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve, sep } from 'node:path';
import {
  type Backend,
  ensureFolder,
  type LaunchRequest,
  type LaunchRoom,
  MedbenchError,
  NO_PROFILE,
  type Profile,
  type RunResults,
  resolveSettings,
  type StudyRecord,
  unwritableError,
  withoutPlugins,
} from '@medbench/core';
import { type CatalogueEntry, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import {
  type ChosenBackend,
  type Config,
  chooseBackend,
  composePlugins,
  composeRun,
  GATHER,
  interrupted,
  listUnits,
  makePlan,
  type Plan,
  type ProfileClock,
  Run,
  RunLayout,
  type RunObserver,
  RunStore,
  UnitStates,
  withEstimateOptions,
} from '@medbench/runner';
import { dataNames } from './data-names.js';
import { jobsByCores, jobsByMemory, requestedJobs } from './jobs/choose.js';
import { LaunchedUnits, workerModule } from './jobs/launched.js';
import { withPreprocessing } from './preprocessing.js';
import { planMemory, warnOfMisfits } from './row-plan.js';
import { type StartedTrackers, startTrackers } from './track/start.js';
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
  /** Id of the launcher. Default `local`. */
  readonly launcher?: string | undefined;
  /** Command line of `medbench work`, without arguments. Default: a program without an output. */
  readonly workCommand?: readonly string[] | undefined;
  /** Records where the time goes. */
  readonly clock?: ProfileClock | undefined;
}

/**
 * Returns the folder of the data sets. With `synthetic` this is the folder of the phantoms, which are written first if
 * missing.
 * @param options.plan the run that reads them: only what it reads is written. Default: all.
 */
export async function dataFolder(
  { cwd, catalogue }: Pick<Workspace, 'cwd' | 'catalogue'>,
  config: Config,
  log: (message: string) => void,
  { plan, profile = NO_PROFILE }: { readonly plan?: Plan; readonly profile?: Profile | undefined } = {},
): Promise<string> {
  if (!config.synthetic) return resolve(cwd, config.dataRoot);
  return profile.span('phantoms', async () => {
    const { ensurePhantoms } = await import('@medbench/phantoms');
    return ensurePhantoms(cacheFolder(cwd), log, plan && dataNames(plan, catalogue));
  });
}

/** Whether the run folder holds every figure of the same settings: then there is nothing to divide. */
const isFinished = ({ config, cells }: Plan, { layout, readJson }: RunStore): boolean =>
  JSON.stringify(readJson<{ config: unknown }>(layout.run)?.config) === JSON.stringify(config) &&
  cells.every(({ row, task, seed }) => existsSync(layout.cell(row.id, task.id, seed)));

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

/** A run whose units a scheduler has. */
export interface Submitted {
  /** How to follow them. */
  readonly submitted: string;
}

/** Whether a run was handed to a scheduler. */
export const isSubmitted = (outcome: object): outcome is Submitted => 'submitted' in outcome;

/**
 * Executes a run that must end with its results.
 * @throws as `carryOut`, and MedbenchError('usage') for a launcher that returns before the results are there.
 */
export async function carryOut(job: RunJob): Promise<RunResults> {
  const { id, info } = launcherOf(job);
  if (info.submits) {
    throw new MedbenchError('usage', `The launcher ${id} returns before the results are there, which are needed here`, {
      hint: 'Choose another one, such as local (medbench list launchers), or use medbench run.',
    });
  }
  return (await launchRun(job)) as RunResults;
}

const launcherOf = ({ workspace: { catalogue }, launcher = 'local' }: RunJob): CatalogueEntry<'launcher'> =>
  findEntry(catalogue, 'launcher', launcher);

/**
 * Executes a run: in this process, in others that a launcher starts, or both. With a launcher that submits, it ends when a
 * scheduler has the units.
 * @throws MedbenchError for invalid settings, a folder that cannot be used, or an interruption.
 */
export async function launchRun(job: RunJob): Promise<RunResults | Submitted> {
  const { workspace, config, folder, command, observer, signal, clock } = job;
  const requested = requestedJobs(job.jobs);
  const { catalogue, cwd } = workspace;
  const plan = await withPreprocessing(job.plan ?? makePlan(config, catalogue), catalogue, {
    fetch: true,
    log: (text) => observer.message(text),
  });
  const launcher = launcherOf(job);
  checkPathLengths(folder, plan);
  await requireCache(cacheFolder(cwd));
  const waiting = (text: string): void => observer.message(text);
  const store = await RunStore.openWhenFree(folder, (text) => observer.warning(text), {
    doing: GATHER,
    waiting,
    signal,
  });
  const launched = new LaunchedUnits({ observer, signal, clock });
  let trackers: StartedTrackers | undefined;
  try {
    const { container, dataRoot, ...parts } = await compose(job, plan, store, launched);
    const run = container.get(Run);
    const finished = isFinished(plan, store);
    run.begin(command, {
      ...{ host: hostname(), cwd, dataRoot, cacheRoot: cacheFolder(cwd) },
      plugins: namedPlugins(workspace.file),
      builtInOnly: withoutPlugins(),
    });
    // Where a scheduler has the units, the job that writes the table feeds the trackers.
    if (!launcher.info.submits) trackers = startTrackers(folder, parts.registry, observer);
    if (!finished) {
      await warnOfMisfits(plan, parts.registry, (text) => observer.warning(text));
      const { launcher: plugin, request } = await makeLaunch(job, { ...parts, plan, container, launched, requested });
      const outcome = launched.start(() => plugin.launch(request));
      if (launcher.info.submits) {
        // The scheduler may start the units at once, and one of them writes the table.
        store.close();
        const ended = await outcome;
        if (ended.state === 'submitted') return { submitted: ended.description };
        throw new MedbenchError('plugin', `The launcher ${launcher.id} says that it submits, and did not`);
      }
    }
    return await run.gather(command);
  } finally {
    await launched.stop();
    await trackers?.finish();
    store.close();
  }
}

/**
 * Returns what a launcher would hand to its scheduler, for people to read. Writes nothing to the run folder.
 * @throws MedbenchError('usage') for a launcher that hands nothing to a scheduler; others as `launchRun`.
 */
export async function previewRun(job: RunJob): Promise<string> {
  const { workspace, config, folder, observer, signal } = job;
  const requested = requestedJobs(job.jobs);
  const { catalogue } = workspace;
  const plan = await withPreprocessing(job.plan ?? makePlan(config, catalogue), catalogue, { fetch: false });
  const { id, info } = launcherOf(job);
  const launched = new LaunchedUnits({ observer, signal });
  const parts = info.submits ? await compose(job, plan, RunStore.view(folder), launched) : undefined;
  const { launcher, request } = parts ? await makeLaunch(job, { ...parts, plan, launched, requested }) : {};
  if (request && launcher?.preview) return launcher.preview(request);
  throw new MedbenchError('usage', `The launcher ${id} hands nothing to a scheduler, so there is nothing to print`, {
    hint: 'medbench plan prints what a run would do; --launcher slurm --dry-run prints the scripts of its jobs.',
  });
}

/** Binds the services of a run, and chooses its backend. */
async function compose(job: RunJob, plan: Plan, store: RunStore, launched: LaunchedUnits) {
  const { workspace, config, observer, signal, study, clock } = job;
  const { catalogue, cwd } = workspace;
  const message = (text: string): void => observer.message(text);
  const logger = {
    info: message,
    warn: (text: string) => observer.warning(text),
    event: (entry: Readonly<Record<string, unknown>>) => store.log(entry),
  };
  const plugins = { catalogue, cacheRoot: cacheFolder(cwd), logger, profile: clock, seed: config.seeds[0]! };
  const { registry, container } = composePlugins(plugins);
  const elsewhere = launcherOf(job).info.submits ?? false;
  const backend = await chooseBackend(registry, config, { elsewhere });
  observer.started(plan, backend);
  if (elsewhere && config.backend === 'auto' && !(await backend.backend.status()).gpu) {
    observer.warning(
      `all jobs will use the backend ${backend.id}, which auto chose on this machine; if theirs have GPUs, add --backend xla-cuda`,
    );
  }
  clock?.started();
  const dataRoot = await untilAborted(dataFolder(workspace, config, message, { plan, profile: clock }), signal);
  const services = { plan, store, backend, dataRoot, signal, study, cwd, workers: launched };
  await composeRun(container, { ...services, observer: launched.observer });
  return { registry, container, backend, dataRoot };
}

/** The parts of a run that its launch depends on. */
interface Launch {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly container: Awaited<ReturnType<typeof composeRun>>;
  readonly backend: ChosenBackend;
  readonly launched: LaunchedUnits;
  readonly requested: number | undefined;
}

/** Prepares the launch of the units of a run. */
async function makeLaunch(job: RunJob, { plan, registry, container, backend, launched, requested }: Launch) {
  const { workspace, config, folder, clock, workCommand = [process.execPath, workerModule()] } = job;
  const { id, info } = launcherOf(job);
  const launcher = await registry.get('launcher', id);
  const devices = await countDevices(backend.backend, config);
  const request: LaunchRequest = {
    units: async () => {
      const states = await container.get(UnitStates).list();
      return states.map(({ id: unit, needs, state }) => ({ id: unit, needs, done: state === 'done' }));
    },
    settings: resolveSettings('launcher', info, config.launcher[id]),
    command: (unit) => [
      ...workCommand,
      ...(unit === undefined ? [] : ['--unit', unit]),
      ...(clock ? ['--profile'] : []),
      folder,
    ],
    folder,
    files: new RunLayout(folder).launcher(id),
    cwd: workspace.cwd,
    // Solvers, whose figures do not depend on it, would otherwise use all cores.
    env: { MEDBENCH_THREADS: String(config.threads), MEDBENCH_CACHE: cacheFolder(workspace.cwd) },
    ...(requested === undefined ? {} : { jobs: requested }),
    room: {
      units: listUnits(plan).length,
      cores: jobsByCores(plan),
      memory: async () => {
        const options = { cache: cacheFolder(workspace.cwd), threads: config.threads };
        const estimator = withEstimateOptions(backend.backend, options);
        const { rows, keptImages } = await planMemory(plan, registry, estimator);
        return jobsByMemory(rows, keptImages);
      },
      ...(devices ? { devices } : {}),
    },
    observer: launched,
    signal: launched.signal,
  };
  return { launcher, request };
}

/** Counts the accelerators that processes can divide; undefined if the backend computes on the CPU. */
async function countDevices(backend: Backend, { training }: Config): Promise<LaunchRoom['devices']> {
  const { gpu, devices: present = 1 } = await backend.status();
  return gpu ? { present, each: training.devices } : undefined;
}
