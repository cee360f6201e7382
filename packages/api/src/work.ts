import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import {
  describeHolder,
  type FolderLock,
  Lock,
  type LockState,
  lockedError,
  MedbenchError,
  turnPluginsOff,
} from '@medbench/core';
import { unknownIdError } from '@medbench/core/catalogue';
import { readVariable } from '@medbench/core/environment';
import type { Registry } from '@medbench/core/services';
import {
  type BackendChoice,
  type ChosenBackend,
  chooseBackend,
  composePlugins,
  composeRun,
  findUnit,
  GATHER,
  GENERAL,
  type HeldUnit,
  interrupted,
  listUnits,
  makePlan,
  type Plan,
  type ProfileClock,
  Run,
  type RunObserver,
  RunStore,
  type UnitOutcome,
  UnitStates,
  type UnitStatus,
  unitId,
  Work,
  type WorkReport,
} from '@medbench/runner';
import { dataFolder } from './carry-out.js';
import { loadReport } from './load-report.js';
import { homeOf, type OpenedRun, openRun } from './open-run.js';
import { type FinishedRun, hideWhile, SILENT_OBSERVER } from './options.js';
import { type Scheduled, scheduledJobs } from './scheduled.js';
import { startTrackers } from './track/start.js';
import { cacheFolder, discoverPlugins } from './workspace.js';

/** Milliseconds between two looks at the lock of the table. */
const LOOK = 500;

/** Options of `work`. */
export interface WorkOptions {
  /** Id of the only unit to carry out, as `unitStates` lists them. Default: whatever is left. */
  readonly unit?: string | undefined;
  /** Folder from which a relative path of the run folder starts. Default: that of the process. */
  readonly cwd?: string | undefined;
  readonly observer?: RunObserver | undefined;
  /** Stops after writing a checkpoint, from which the next process resumes. */
  readonly signal?: AbortSignal | undefined;
  readonly report?: WorkReport | undefined;
  readonly clock?: ProfileClock | undefined;
}

/** Options of `unitStates`. */
export type UnitStatesOptions = Pick<WorkOptions, 'cwd' | 'observer'>;

/** A unit of a run, how far it is, and the job that a scheduler has for it. */
export interface ScheduledUnit extends UnitStatus {
  readonly job?: Scheduled;
}

/**
 * Lists the units of a run and how far each is. Opens the data of the run, but reads nothing that was read before. Asks the
 * schedulers that launchers have handed units to; one that cannot be asked is a warning.
 * @throws MedbenchError('usage') if the folder is not that of a run.
 */
export async function unitStates(dir: string, options: UnitStatesOptions = {}): Promise<ScheduledUnit[]> {
  const { cwd = process.cwd(), observer = SILENT_OBSERVER } = options;
  const opened = openRun(cwd, dir);
  const signal = new AbortController().signal;
  const view = RunStore.view(opened.folder);
  const { container, registry } = await joinRun(opened, { observer, signal, elsewhere: true }, view);
  const units = await container.get(UnitStates).list();
  const jobs = await scheduledJobs(view.layout, registry, (text) => observer.warning(text));
  return units.map((unit) => {
    const job = jobs.get(unit.id);
    return job ? { ...unit, job } : unit;
  });
}

/** The outcome of `work`. */
export interface FinishedWork {
  /** Outcome of the unit that was asked for; undefined without one, or if it was done already. */
  readonly outcome?: UnitOutcome | undefined;
  /** Units that other processes hold, so that this one could not finish the run. */
  readonly held: readonly HeldUnit[];
  /** The table, if this process wrote it. */
  readonly finished?: FinishedRun | undefined;
}

const SILENT_REPORT: WorkReport = { settled: () => {}, taken: () => {}, finished: () => {} };

/** The services of a process that takes part in a run. */
export interface JoinedRun {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly container: Awaited<ReturnType<typeof composeRun>>;
  readonly backend: ChosenBackend & { readonly why: string };
}

/** How a process takes part in a run. */
export interface Join extends BackendChoice {
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly clock?: ProfileClock | undefined;
}

/** Binds everything that a process needs to take part in a run, from the run folder alone. */
export async function joinRun(
  opened: OpenedRun,
  { observer, signal, clock, elsewhere }: Join,
  store: RunStore,
): Promise<JoinedRun> {
  const { run } = opened;
  const { cwd, plugins, builtInOnly, ...home } = homeOf(opened);
  if (builtInOnly) turnPluginsOff();
  const catalogue = await discoverPlugins(cwd, plugins);
  const plan = makePlan(run.config, catalogue);
  const logger = {
    info: (text: string) => observer.message(text),
    warn: (text: string) => observer.warning(text),
    event: (entry: Readonly<Record<string, unknown>>) => store.log(entry),
  };
  // A machine may have a cache of its own.
  const cacheRoot = readVariable('MEDBENCH_CACHE') === undefined ? home.cacheRoot : cacheFolder(cwd);
  const services = { catalogue, cacheRoot, logger, profile: clock, seed: run.config.seeds[0]! };
  const { registry, container } = composePlugins(services);
  const choice = elsewhere === undefined ? {} : { elsewhere };
  const backend = await chooseBackend(registry, { ...plan.config, backend: run.backend }, choice);
  const dataRoot = run.config.synthetic
    ? await dataFolder({ cwd, catalogue }, run.config, (text) => observer.message(text), { plan })
    : home.dataRoot;
  clock?.started();
  await composeRun(container, { plan, store, observer, backend, dataRoot, signal, cwd, study: run.study });
  return { plan, registry, container, backend };
}

/**
 * Carries out units of a run that was begun in a folder, and writes the table and the report if nothing is left. Any number
 * of processes may do so at once, on any machine that sees the folder, the data and the working folder under the same
 * paths.
 * @throws MedbenchError('usage') if the folder is not that of a run or has no such unit; ('interrupted'); others that end a
 *   run. A unit that fails is recorded, and does not throw.
 */
export async function work(dir: string, options: WorkOptions = {}): Promise<FinishedWork> {
  const { unit, cwd = process.cwd(), report = SILENT_REPORT, clock } = options;
  let gathering = false;
  // The events of units were told when they were carried out.
  const observer = hideWhile(options.observer ?? SILENT_OBSERVER, () => gathering);
  const { signal = new AbortController().signal } = options;
  const opened = openRun(cwd, dir);
  const { folder, run } = opened;
  const store = RunStore.join(folder, (text) => observer.warning(text), run.home?.host !== hostname());
  try {
    const { plan, container, registry, backend } = await joinRun(opened, { observer, signal, clock }, store);
    const asked = unit === undefined || unit === GATHER ? undefined : findUnit(plan, unit);
    if (unit !== undefined && unit !== GATHER && !asked) throw unknownUnit(unit, plan, folder);
    observer.started(plan, backend);
    if (asked) return { outcome: await container.get(Work).one(asked, report), held: [] };
    const states = container.get(UnitStates);
    if (unit === GATHER) {
      const missing = (await states.list()).filter(({ id, state }) => id !== GATHER && !isSettled(state));
      if (missing.length > 0) throw notSettled(folder, missing);
    } else {
      const held = await container.get(Work).execute(report);
      if (held.length > 0) return { held };
    }
    // Whoever holds the lock writes the table: the run that began, or another process that found nothing left.
    const lock = await takeTable(store, observer, signal);
    if (!('release' in lock)) {
      if (unit === GATHER) throw lockedError(folder, lock);
      observer.message(`nothing is left; ${describeHolder(lock.holder)} writes the table`);
      return { held: [] };
    }
    store.guard(lock);
    if (unit !== GATHER && states.isGathered()) {
      observer.message('nothing is left: the table is written');
      return { held: [] };
    }
    observer.message('nothing is left: writing the table');
    gathering = true;
    const results = await container.get(Run).gather(run.command);
    await startTrackers(folder, registry, observer).finish();
    const { writeReport } = await loadReport();
    const { html } = await writeReport(folder);
    return { held: [], finished: { results, folder, html } };
  } finally {
    store.close();
  }
}

/**
 * Takes the lock of the table. Waits while its holder may be gone, such as that of a run on a machine that was lost.
 * @returns the lock, or its holder, who is at work.
 */
async function takeTable(
  { layout }: RunStore,
  observer: RunObserver,
  signal: AbortSignal,
): Promise<FolderLock | LockState> {
  const lock = new Lock(layout.lock, { doing: GATHER });
  for (let told = false; ; told = true) {
    const taken = lock.take();
    if ('release' in taken || taken.alive) return taken;
    if (!told) observer.message(`waiting for a sign of life of ${describeHolder(taken.holder)}, at most 2 minutes`);
    await delay(LOOK, undefined, { signal }).catch(() => {});
    if (signal.aborted) throw interrupted();
  }
}

const unknownUnit = (id: string, plan: Plan, folder: string): MedbenchError =>
  unknownIdError('unit', id, [GENERAL, ...listUnits(plan).map(unitId), GATHER], `medbench status ${folder}`);

const isSettled = (state: UnitStatus['state']): boolean => state === 'done' || state === 'failed';

function notSettled(folder: string, missing: readonly UnitStatus[]): MedbenchError {
  const shown = missing.slice(0, 5).map(({ id, state, host }) => (state === 'working' ? `${id} (on ${host})` : id));
  const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : '';
  return new MedbenchError('store', `${folder} cannot be gathered: ${shown.join(', ')}${more} not done`, {
    hint: `medbench work ${folder} carries out what is left; medbench status ${folder} says who works on what.`,
  });
}
