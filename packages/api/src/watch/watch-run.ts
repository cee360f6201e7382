import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMedbenchError, MedbenchError } from '@medbench/core';
import { RunLayout, RunWatch } from '@medbench/runner/watch';
import { openRun } from '../open-run.js';
import { namedFolder } from '../workspace.js';

export interface WatchOptions {
  /** Folder from which a relative path of the run folder starts. Default: that of the process. */
  readonly cwd?: string | undefined;
}

/** Most folders that an error names. */
const MOST_NAMED = 4;

/** Lists the run folders in a folder, such as those of the variants of a study and of the steps of its search. */
function runsIn(folder: string): string[] {
  const below = (name: string): string[] => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(name, entry.name));
  };
  return [...below(''), ...below('search')].filter((name) => existsSync(new RunLayout(join(folder, name)).run)).sort();
}

/**
 * Follows a run from its folder alone, while it works or later, on any machine that sees the folder. It needs neither data nor
 * plugins, and writes nothing.
 *
 * ```ts
 * const watch = watchRun('runs/study');
 * watch.read()?.progress.cells;                          // this moment
 * for await (const run of watch.changes()) print(run);   // each change, until the run has ended
 * ```
 *
 * @throws MedbenchError('usage') if the folder is not that of a run. It names run folders within it.
 */
export function watchRun(dir: string, { cwd = process.cwd() }: WatchOptions = {}): RunWatch {
  try {
    return new RunWatch(openRun(cwd, dir).folder);
  } catch (error) {
    const folder = namedFolder(cwd, dir);
    const found = runsIn(folder);
    if (!isMedbenchError(error) || found.length === 0) throw error;
    const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : '';
    throw new MedbenchError('usage', error.message, {
      hint: `Name one of the run folders in it: ${found.slice(0, MOST_NAMED).join(', ')}${more}.`,
    });
  }
}
