import { type Config, type ConfigTree, makePlan, mergeTrees, type Plan } from '@medbench/runner';
import { type BenchmarkOptions, embeddingRowsFromOptions, settingsTree, workingFolder } from './options.js';
import { choosePresets, openWorkspace, printPresetNotes, readConfig, type Workspace } from './workspace.js';

/** The workspace, settings and plan that options lead to; nothing has run yet. */
export interface OpenedPlan {
  readonly workspace: Workspace;
  /** The options as settings, which override presets and configuration file. */
  readonly flags: ConfigTree;
  readonly config: Config;
  readonly plan: Plan;
}

/**
 * Opens the workspace and plans the run.
 * @throws MedbenchError for an unknown id or preset, or faults in the settings.
 */
export async function openPlan(options: BenchmarkOptions): Promise<OpenedPlan> {
  const workspace = await openWorkspace(workingFolder(options), options.config);
  const tree = settingsTree(options, await embeddingRowsFromOptions(options));
  const flags = mergeTrees(options.base ?? {}, tree);
  const config = await readConfig(workspace, flags);
  printPresetNotes(choosePresets(workspace, flags));
  return { workspace, flags, config, plan: makePlan(config, workspace.catalogue) };
}
