import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readVariable } from '@medbench/core';
import { ENGINES, type EngineId } from './catalogue.js';

/** Name of the file that says an engine is complete: it is written last. */
export const MANIFEST = 'medbench-engine.json';

/** Folder of downloaded engines: `MEDBENCH_ENGINES`, or one in the user's cache that all projects share. */
export const enginesFolder = (): string =>
  readVariable('MEDBENCH_ENGINES') ??
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'medbench', 'engines');

/** Folder of an engine at its pinned version, whether it is there or not. */
export const engineFolder = (id: EngineId, folder = enginesFolder()): string =>
  join(folder, `${id}-${ENGINES[id].version}`);

/** Folders with the packages of the active Python environment (`VIRTUAL_ENV`, `CONDA_PREFIX`). */
function pythonPackages(): string[] {
  return [process.env.VIRTUAL_ENV, process.env.CONDA_PREFIX].flatMap((root) => {
    const library = root ? join(root, 'lib') : '';
    if (!root || !existsSync(library)) return [];
    const versions = readdirSync(library).filter((name) => /^python3\.\d+$/.test(name));
    return versions.map((name) => join(library, name, 'site-packages'));
  });
}

/** Where the plugin of an engine is, and where it comes from. */
export interface LocatedPlugin {
  readonly path: string;
  readonly source: 'engine' | 'python';
}

/** Finds the plugin of an engine: the downloaded one first, then one in the active Python environment. */
export function locatePlugin(id: EngineId): LocatedPlugin | undefined {
  const { plugin } = ENGINES[id];
  const folder = engineFolder(id);
  if (existsSync(join(folder, MANIFEST))) return { path: join(folder, plugin), source: 'engine' };
  const path = pythonPackages()
    .map((packages) => join(packages, plugin))
    .find(existsSync);
  return path === undefined ? undefined : { path, source: 'python' };
}
