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

/** A run to be carried out. */
export interface RunJob {
  readonly workspace: Workspace;
  readonly config: Config;
  /** Default: made of the settings. */
  readonly plan?: Plan;
  /** The run folder: made if it is not there, resumed if it is. */
  readonly folder: string;
  /** What repeats it. */
  readonly command: string;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly study?: StudyRecord;
  /** Notes what the time goes to. */
  readonly clock?: ProfileClock | undefined;
}

/** Folder of the data: phantoms where the settings say so, written if they are not there. */
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
 * Carries a run out in this process.
 * @throws MedbenchError for settings that do not fit, a folder that cannot be used, or an interruption.
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
