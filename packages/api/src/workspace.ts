import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { MedbenchError } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { parseVariable, readVariable, withoutPlugins } from '@medbench/core/environment';
import type { Registry } from '@medbench/core/services';
import type { Config } from '@medbench/runner';
import {
  type ConfigFile,
  type ConfigTree,
  discover,
  dropUndefined,
  type FoundPreset,
  findConfigFile,
  findPresets,
  mergePresets,
  mergeTrees,
} from '@medbench/runner/workspace';

/** The environment of a command or script: its working directory, its configuration file and the available plugins. */
export interface Workspace {
  readonly cwd: string;
  readonly catalogue: Catalogue;
  readonly file: ConfigFile | undefined;
}

/** Finds the built-in plugins, those of the project at `cwd`, and the named ones, without a report on broken ones. */
export function discoverPlugins(cwd: string, plugins: readonly string[]): Promise<Catalogue> {
  const host = createRequire(import.meta.url).resolve('@medbench/api/package.json');
  return discover({ cwd, host, plugins, builtInOnly: withoutPlugins() });
}

/** Plugins that a configuration file names. A path is relative to the file, which may be in a folder above. */
export function namedPlugins(file: ConfigFile | undefined): string[] {
  const named = Array.isArray(file?.tree.plugins) ? file.tree.plugins.map(String) : [];
  return named.map((spec) => (file && spec.startsWith('.') ? resolve(dirname(file.path), spec) : spec));
}

/**
 * Finds the configuration file and the plugins that are available at a folder. A configuration in JavaScript or
 * TypeScript is run; so are plugins without an info file.
 * @param configPath relative to `cwd`.
 */
export async function openWorkspace(cwd: string, configPath?: string): Promise<Workspace> {
  // A configuration file may be code. Without plugins, only one that the user names is read.
  const file = withoutPlugins() && configPath === undefined ? undefined : await findConfigFile(cwd, configPath);
  return { cwd, file, catalogue: await findPlugins(cwd, namedPlugins(file)) };
}

/**
 * Finds the built-in plugins, those of the project at `cwd`, and the named ones. Packages that look like plugins but
 * are not are reported on stderr.
 */
export async function findPlugins(cwd: string, plugins: readonly string[] = []): Promise<Catalogue> {
  const catalogue = await discoverPlugins(cwd, plugins);
  for (const { name, reason } of catalogue.suspects) process.stderr.write(`warning: ${name}: ${reason}\n`);
  return catalogue;
}

/**
 * Returns the presets that flags or configuration file name, in their order.
 * @throws MedbenchError('unknown-id') for a preset that no package declares.
 */
export const choosePresets = ({ catalogue, file }: Workspace, flags: ConfigTree): FoundPreset[] =>
  findPresets(catalogue.presets, flags.preset ?? file?.tree.preset);

/** Prints the notes of the chosen presets on stderr, such as that a preset has a new name. */
export function printPresetNotes(presets: readonly FoundPreset[]): void {
  for (const { id, note } of presets) if (note !== undefined) process.stderr.write(`preset ${id}: ${note}\n`);
}

/**
 * Merges presets, configuration file, environment and flags into checked settings.
 * @throws MedbenchError('unknown-id') for a preset that no package declares; ('config') for faults in the settings;
 * ('usage') for a folder of data that would not be read.
 */
export async function readConfig(workspace: Workspace, flags: ConfigTree): Promise<Config> {
  const { resolveConfig } = await import('@medbench/runner');
  const { file } = workspace;
  const presets = choosePresets(workspace, flags);
  const environment: ConfigTree = {
    dataRoot: readVariable('MEDBENCH_DATA'),
    threads: parseVariable('MEDBENCH_THREADS', readVariable('MEDBENCH_THREADS'), { integer: true }),
  };
  const config = resolveConfig({
    preset: mergePresets(presets),
    ...(file ? { file } : {}),
    flags: mergeTrees(dropUndefined(environment), flags),
  });
  if (config.synthetic && flags.dataRoot !== undefined) {
    const by = presets.length > 0 ? ` (preset ${presets.map(({ id }) => id).join(', ')})` : '';
    throw new MedbenchError(
      'usage',
      `--data ${String(flags.dataRoot)} would not be read: the data are generated${by}`,
      {
        hint: 'Add --set synthetic=false to read the folder, or leave --data out.',
      },
    );
  }
  return config;
}

/**
 * Returns the folder that an option names, absolute.
 * @throws MedbenchError('usage') for an empty text, such as a shell variable that is not set: it would name the working
 *   folder.
 */
export function namedFolder(cwd: string, folder: string): string {
  if (folder !== '') return resolve(cwd, folder);
  throw new MedbenchError('usage', 'The folder to write to has an empty name', {
    hint: 'Name one with --out (option `out`); . is the current folder.',
  });
}

/** Returns the folder of generated data and caches: `$MEDBENCH_CACHE`, else `.medbench`. */
export const cacheFolder = (cwd: string): string => resolve(cwd, readVariable('MEDBENCH_CACHE') ?? '.medbench');

/** Opens the plugins of a workspace outside a run: it has no run folder and no logger. */
export async function openRegistry({ cwd, catalogue }: Pick<Workspace, 'cwd' | 'catalogue'>): Promise<Registry> {
  const { composePlugins, DEFAULTS } = await import('@medbench/runner');
  const dataRoot = resolve(cwd, readVariable('MEDBENCH_DATA') ?? DEFAULTS.dataRoot);
  return composePlugins({ catalogue, dataRoot, cacheRoot: cacheFolder(cwd) }).registry;
}

export { readTimes } from './speeds/kept.js';
