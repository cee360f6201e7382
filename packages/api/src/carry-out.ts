import { resolve } from 'node:path';
import { NO_PROFILE, type Profile, type RunResults, type StudyRecord } from '@medbench/core';
import {
  type Config,
  chooseBackend,
  composePlugins,
  composeRun,
  makePlan,
  type Plan,
  type ProfileClock,
  Run,
  type RunObserver,
  RunStore,
} from '@medbench/runner';
import { cacheFolder, type Workspace } from './workspace.js';

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

/**
 * Executes a run in this process.
 * @throws MedbenchError for invalid settings, a folder that cannot be used, or an interruption.
 */
export async function carryOut(job: RunJob): Promise<RunResults> {
  const { workspace, config, folder, command, observer, signal, study, clock } = job;
  const { catalogue, cwd } = workspace;
  const plan = job.plan ?? makePlan(config, catalogue);
  const store = RunStore.open(folder);
  try {
    const message = (text: string): void => observer.message(text);
    const logger = {
      info: message,
      warn: (text: string) => observer.warning(text),
      event: (entry: Readonly<Record<string, unknown>>) => store.log(entry),
    };
    const services = { catalogue, cacheRoot: cacheFolder(cwd), logger, profile: clock, seed: config.seeds[0]! };
    const { registry, container } = composePlugins(services);
    const backend = await chooseBackend(registry, config.backend);
    observer.started(plan, backend);
    clock?.started();
    const dataRoot = await dataFolder(workspace, config, message, clock);
    await composeRun(container, { plan, store, observer, backend, dataRoot, signal, study, cwd });
    return await container.get(Run).execute(command);
  } finally {
    store.close();
  }
}
