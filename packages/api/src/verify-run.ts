import { resolve } from 'node:path';
import { composePlugins, composeRun, makePlan, RunStore, Verification, type VerifiedFile } from '@medbench/runner';
import { dataFolder } from './carry-out.js';
import { openRun } from './open-run.js';
import { SILENT_OBSERVER } from './options.js';
import { cacheFolder, openWorkspace } from './workspace.js';

/** What `verifyRun` compares a run folder with. */
export interface VerifyRunOptions {
  /** Folder of the data sets. Default: that of the run. */
  readonly data?: string | undefined;
  /** Configuration file that names plugins. */
  readonly config?: string | undefined;
  readonly cwd?: string | undefined;
  readonly log?: (message: string) => void;
}

/**
 * Says of all weights and cells of a run folder whether they follow from the data, the plugins and the settings that are
 * there now, and whether they hold what was written. Reads data that have changed since they were last hashed.
 * @throws MedbenchError('usage') if the folder is not that of a run; others if its data or plugins are not there.
 */
export async function verifyRun(dir: string, options: VerifyRunOptions = {}): Promise<VerifiedFile[]> {
  const { cwd = process.cwd(), log = () => {} } = options;
  const { folder, run } = openRun(cwd, dir);
  const workspace = await openWorkspace(cwd, options.config);
  const config = options.data === undefined ? run.config : { ...run.config, dataRoot: resolve(cwd, options.data) };
  const plan = makePlan(config, workspace.catalogue);
  const logger = { info: log, warn: log, event: () => {} };
  const services = { catalogue: workspace.catalogue, cacheRoot: cacheFolder(cwd), logger, seed: config.seeds[0]! };
  const { registry, container } = composePlugins(services);
  await composeRun(container, {
    plan,
    store: RunStore.view(folder),
    observer: { ...SILENT_OBSERVER, message: log },
    backend: { id: run.backend, backend: await registry.get('backend', run.backend) },
    dataRoot: await dataFolder(workspace, config, log),
    cwd,
    signal: new AbortController().signal,
  });
  return container.get(Verification).execute();
}
