import { resolve } from 'node:path';
import { NO_PROFILE, type RunResults, type StudyRecord } from '@medbench/core';
import {
  type Config,
  chooseBackend,
  composeRegistry,
  executePlan,
  makePlan,
  type Plan,
  type ProfileClock,
  RunStore,
  withCache,
} from '@medbench/runner';
import type { ConsoleObserver } from './progress.js';
import { cacheFolder, type Workspace } from './workspace.js';

/** A run to be carried out. */
export interface Job {
  readonly workspace: Workspace;
  readonly config: Config;
  /** Default: made of the settings. */
  readonly plan?: Plan;
  /** The run folder: made if it is not there, gone on with if it is. */
  readonly folder: string;
  /** What repeats it. */
  readonly command: string;
  readonly observer: ConsoleObserver;
  readonly signal: AbortSignal;
  readonly study?: StudyRecord;
  /** Where to note what the time goes to. */
  readonly clock?: ProfileClock;
}

/**
 * Carries a run out with everything that the command ships with, in this process.
 * @throws MedbenchError for settings that do not fit, a folder that cannot be used, or an interruption.
 */
export async function carryOut({
  workspace,
  config,
  plan = makePlan(config, workspace.catalogue),
  folder,
  command,
  observer,
  signal,
  study,
  clock,
}: Job): Promise<RunResults> {
  const cwd = process.cwd();
  const cacheRoot = cacheFolder(cwd);
  const store = RunStore.open(folder);
  try {
    const [{ pretraining }, { checkLeaks, compareRows, keepEmbeddings, openEmbeddings }, { thumbnail }] =
      await Promise.all([import('@medbench/training'), import('@medbench/evaluation'), import('@medbench/data')]);
    const registry = composeRegistry(workspace.catalogue, {
      pretraining,
      logger: {
        info: (message) => observer.message(message),
        warn: (message) => observer.warning(message),
        event: (entry) => store.log(entry),
      },
    });
    const chosen = await chooseBackend(registry, config.backend);
    const backend = { ...chosen, backend: withCache(chosen.backend, cacheRoot) };
    observer.started(plan, backend);
    clock?.started();
    const phantoms = async (): Promise<string> =>
      (await import('@medbench/phantoms')).ensurePhantoms(cacheRoot, (message) => observer.message(message));
    const dataRoot = config.synthetic
      ? await (clock ?? NO_PROFILE).span('phantoms', phantoms)
      : resolve(cwd, config.dataRoot);
    return await executePlan(
      {
        plan,
        store,
        registry,
        pretraining,
        checkLeaks,
        compareRows,
        thumbnail,
        embeddings: { keep: keepEmbeddings, open: (path) => openEmbeddings(resolve(cwd, path)) },
        backend,
        observer,
        profile: clock,
        dataRoot,
        cacheRoot,
        signal,
        ...(study ? { study } : {}),
      },
      command,
    );
  } finally {
    store.close();
  }
}
