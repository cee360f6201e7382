import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CorpusInfo,
  type EncoderInfo,
  errorMessage,
  isMedbenchError,
  MedbenchError,
  methodSettings,
  type PluginKind,
  type ProtocolInfo,
} from '@medbench/core';
import {
  type Catalogue,
  type CatalogueEntry,
  importPluginClasses,
  PLUGIN_KEYWORD,
  type PluginPackage,
  readPackageJson,
  readPlugin,
} from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { checkPlugin } from '@medbench/core/testing';
import { composePlugins, resolveMethod } from '@medbench/runner';
import { checkProtocol, checkTask } from './measuring.js';
import { checkMethod, checkObjective } from './method.js';
import { checkBackend, checkControl, checkCorpus, checkEncoder } from './others.js';

/** Options of `checkPackage`. */
export interface CheckOptions {
  /** Folder that holds the data sets of tasks and corpora. Default: a folder without data. */
  readonly dataRoot?: string;
  /** Writable folder for files that are made on first use. Default: the temporary folder of the system. */
  readonly cacheRoot?: string;
  /** Other installed plugins, such as objectives that a method uses and protocols that measure a task. */
  readonly installed?: Catalogue;
}

/** Result of the check of a package. */
export interface CheckedPackage {
  /** Name of the package. */
  readonly name: string;
  /** The plugins of the package, such as `method "sigmoid"`. */
  readonly plugins: readonly string[];
  /** Faults, and what to change, one line each. */
  readonly faults: readonly string[];
  /** Plugins that were not run, and why. */
  readonly notes: readonly string[];
}

/** Formats an error with its hint as one line. */
const formatError = (error: unknown): string => {
  const hint = isMedbenchError(error) && error.hint ? `. ${error.hint}` : '';
  return `${errorMessage(error)}${hint}`.replace(/\s*\n\s*/g, ' ');
};

/**
 * Builds and runs a plugin.
 * @returns a note if it was not run completely.
 * @throws an error if the plugin has a fault.
 */
async function runEntry(registry: Registry, entry: CatalogueEntry, options: CheckOptions): Promise<string | undefined> {
  const { id, info } = entry;
  const runMethod = async (methodEntry: CatalogueEntry<'method'>): Promise<void> => {
    const settings = methodSettings(methodEntry.info);
    await checkMethod((await resolveMethod(registry, methodEntry, settings)).method, settings);
  };
  const run: Readonly<Record<PluginKind, () => Promise<unknown>>> = {
    method: () => runMethod(entry as CatalogueEntry<'method'>),
    objective: () => checkObjective(registry, entry as CatalogueEntry<'objective'>),
    protocol: async () => checkProtocol(await registry.get('protocol', id), info as ProtocolInfo),
    task: () => checkTask(registry, entry as CatalogueEntry<'task'>, options),
    corpus: async () => checkCorpus(await registry.get('corpus', id), info as CorpusInfo, options),
    encoder: async () => checkEncoder(await registry.get('encoder', id), info as EncoderInfo),
    control: async () => checkControl(await registry.get('control', id)),
    backend: async () => checkBackend(await registry.get('backend', id)),
    // To launch something would start processes or fill a queue.
    launcher: async () => {
      await registry.get('launcher', id);
      return 'constructed, and not asked to launch anything';
    },
    // To open it would call a server.
    tracker: async () => {
      await registry.get('tracker', id);
      return 'constructed, and not opened';
    },
  };
  const note = await run[entry.kind]();
  return typeof note === 'string' ? note : undefined;
}

/** Imports a package and lists its plugins with the info of the code, not of the info file. */
async function readEntries(plugin: PluginPackage): Promise<CatalogueEntry[]> {
  return (await importPluginClasses(plugin)).map(({ metadata: { kind, info } }) => ({
    ...{ kind, id: info.id, info, package: plugin },
  }));
}

/** Adds the plugins of a package to a catalogue. They replace installed plugins of the same kind and id. */
function withPackage(installed: Catalogue | undefined, packageEntries: readonly CatalogueEntry[]): Catalogue {
  const entryKey = ({ kind, id }: CatalogueEntry): string => `${kind} ${id}`;
  const packageKeys = new Set(packageEntries.map(entryKey));
  const others = (installed?.entries ?? []).filter((entry) => !packageKeys.has(entryKey(entry)));
  return { packages: [], broken: [], suspects: [], presets: [], ...installed, entries: [...others, ...packageEntries] };
}

/** Whether a package.json declares plugins, or has the keyword of plugin packages. */
const looksLikePlugin = (file: string): boolean => {
  if (!existsSync(file)) return false;
  const { keywords, medbench } = readPackageJson(file);
  const declares = medbench !== undefined && (medbench.entry !== undefined || medbench.presets === undefined);
  return declares || (keywords?.includes(PLUGIN_KEYWORD) ?? false);
};

/**
 * Finds plugin packages: the folder itself if it is one, otherwise the plugin packages directly in it, sorted by name.
 * @throws MedbenchError('usage') if there is no plugin package.
 */
export function pluginFolders(dir: string): string[] {
  if (looksLikePlugin(join(dir, 'package.json'))) return [dir];
  const folders = existsSync(dir)
    ? readdirSync(dir)
        .sort()
        .map((name) => join(dir, name))
        .filter((folder) => looksLikePlugin(join(folder, 'package.json')))
    : [];
  if (folders.length > 0) return folders;
  throw new MedbenchError('usage', `There is no plugin package in ${dir} or in its folders`, {
    hint: `The package.json of a plugin has the keyword "${PLUGIN_KEYWORD}" and "medbench": { "api": 1, "entry": "." }.`,
  });
}

/**
 * Checks a built plugin package: its manifest, its info, and each of its classes by running it.
 * @param dir folder of the package.
 * @returns all faults. A fault of the package is never thrown.
 *
 * @example
 * ```ts
 * import { checkPackage } from '@medbench/plugin-check';
 * import { expect, it } from 'vitest';
 *
 * it('is a sound plugin package', async () => {
 *   expect((await checkPackage('.')).faults).toEqual([]);
 * });
 * ```
 */
export async function checkPackage(dir: string, options: CheckOptions = {}): Promise<CheckedPackage> {
  const file = join(realpathSync(dir), 'package.json');
  const faults = await checkPlugin(dir);
  const notes: string[] = [];
  let entries: CatalogueEntry[] = [];
  try {
    entries = await readEntries(readPlugin(file, 'checked', 'this version'));
  } catch {
    // The package does not load. checkPlugin has already listed that as a fault.
  }
  const { registry } = composePlugins({
    catalogue: withPackage(options.installed, entries),
    cacheRoot: options.cacheRoot ?? tmpdir(),
    dataRoot: options.dataRoot ?? tmpdir(),
  });
  for (const entry of entries) {
    try {
      const note = await runEntry(registry, entry, options);
      if (note !== undefined) notes.push(`${entry.kind} "${entry.id}": ${note}`);
    } catch (error) {
      const line = formatError(error);
      faults.push(line.includes(`"${entry.id}"`) ? line : `${entry.kind} "${entry.id}": ${line}`);
    }
  }
  const name = readPackageJson(file).name ?? dir;
  return { name, plugins: entries.map(({ kind, id }) => `${kind} "${id}"`), faults, notes };
}
