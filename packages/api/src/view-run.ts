import { resolve } from 'node:path';
import type { Registry } from '@medbench/core/services';
import { composePlugins, composeRun, makePlan, type Plan, RunStore } from '@medbench/runner';
import { dataFolder } from './carry-out.js';
import { type OpenedRun, openRun } from './open-run.js';
import { SILENT_OBSERVER } from './options.js';
import { cacheFolder, openWorkspace } from './workspace.js';

/** Where the data and the plugins of a run are now. */
export interface ViewRunOptions {
  /** Folder of the data sets. Default: that of the run. */
  readonly data?: string | undefined;
  /** Configuration file that names plugins. */
  readonly config?: string | undefined;
  readonly cwd?: string | undefined;
  readonly log?: (message: string) => void;
}

/** A run folder opened for reading, with the services of its run. */
export interface ViewedRun extends OpenedRun {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly container: Awaited<ReturnType<typeof composeRun>>;
  /** Folder of the data sets, absolute. */
  readonly dataRoot: string;
}

/**
 * Opens a run folder with the plugins and the data that are there now, to look at it. Nothing in it is locked or changed.
 * @throws MedbenchError('usage') if the folder is not that of a run; others if plugins of the run are not there.
 */
export async function viewRun(dir: string, options: ViewRunOptions = {}): Promise<ViewedRun> {
  const { cwd = process.cwd(), log = () => {} } = options;
  const opened = openRun(cwd, dir);
  const { folder, run } = opened;
  const workspace = await openWorkspace(cwd, options.config);
  const config = options.data === undefined ? run.config : { ...run.config, dataRoot: resolve(cwd, options.data) };
  const plan = makePlan(config, workspace.catalogue);
  const logger = { info: log, warn: log, event: () => {} };
  const services = { catalogue: workspace.catalogue, cacheRoot: cacheFolder(cwd), logger, seed: config.seeds[0]! };
  const { registry, container } = composePlugins(services);
  const dataRoot = await dataFolder(workspace, config, log);
  await composeRun(container, {
    plan,
    store: RunStore.view(folder),
    observer: { ...SILENT_OBSERVER, message: log },
    backend: { id: run.backend, backend: await registry.get('backend', run.backend) },
    dataRoot,
    cwd,
    signal: new AbortController().signal,
  });
  return { ...opened, plan, registry, container, dataRoot };
}
