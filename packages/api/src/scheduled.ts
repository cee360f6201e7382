import { isMedbenchError, type LaunchedUnit } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { RunLayout } from '@medbench/runner';
import { homeOf, openRun } from './open-run.js';
import { discoverPlugins, openRegistry } from './workspace.js';

/** A unit that a scheduler has, and the launcher that handed it over. */
export interface Scheduled extends LaunchedUnit {
  readonly launcher: string;
}

/**
 * Lists the units that schedulers have, by their ids.
 * @param warn is told of each scheduler that cannot be asked.
 */
export async function scheduledJobs(
  layout: RunLayout,
  registry: Registry,
  warn: (text: string) => void,
): Promise<ReadonlyMap<string, Scheduled>> {
  const found = new Map<string, Scheduled>();
  for (const id of layout.launched()) {
    try {
      const jobs = (await (await registry.get('launcher', id)).jobs?.(layout.launcher(id))) ?? [];
      for (const job of jobs) found.set(job.unit, { ...job, launcher: id });
    } catch (error) {
      if (!isMedbenchError(error)) throw error;
      warn(`${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`);
    }
  }
  return found;
}

/**
 * Ends the jobs that schedulers have of a run. What is finished stays; the run command submits the rest again.
 * @returns the units whose jobs were ended.
 * @throws MedbenchError('store') if a scheduler cannot be asked; ('usage') if the folder is not that of a run.
 */
export async function cancelRun(
  dir: string,
  { cwd = process.cwd() }: { readonly cwd?: string } = {},
): Promise<Scheduled[]> {
  const opened = openRun(cwd, dir);
  const home = homeOf(opened);
  const catalogue = await discoverPlugins(home.cwd, home.plugins);
  const registry = await openRegistry({ cwd: home.cwd, catalogue });
  const layout = new RunLayout(opened.folder);
  const ended: Scheduled[] = [];
  for (const id of layout.launched()) {
    const launcher = await registry.get('launcher', id);
    for (const job of (await launcher.cancel?.(layout.launcher(id))) ?? []) ended.push({ ...job, launcher: id });
  }
  return ended;
}
