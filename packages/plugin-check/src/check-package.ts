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

export interface CheckOptions {
  /** Where tasks and corpora find their data. Default: nowhere. */
  readonly dataRoot?: string;
  readonly cacheRoot?: string;
  /** What is installed besides: objectives that a method is a sum of, protocols that a task is measured by. */
  readonly installed?: Catalogue;
}

export interface CheckedPackage {
  readonly name: string;
  /** The plugins of the package, such as `method "sigmoid"`. */
  readonly plugins: readonly string[];
  /** What is wrong and what to change, a line each. */
  readonly faults: readonly string[];
  /** What was not run, and why. */
  readonly notes: readonly string[];
}

/** A message and the way out, as one line. */
const formatError = (error: unknown): string => {
  const hint = isMedbenchError(error) && error.hint ? `. ${error.hint}` : '';
  return `${errorMessage(error)}${hint}`.replace(/\s*\n\s*/g, ' ');
};

/** Runs the class of an entry. @returns a note. @throws whatever is wrong with it. */
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
  };
  const note = await run[entry.kind]();
  return typeof note === 'string' ? note : undefined;
}

/** The plugins of one package, of what its code says. */
async function readEntries(plugin: PluginPackage): Promise<CatalogueEntry[]> {
  return (await importPluginClasses(plugin)).map(({ metadata: { kind, info } }) => ({
    ...{ kind, id: info.id, info, package: plugin },
  }));
}

/** What is installed, with the plugins of a package in place of any of their ids. */
function withPackage(installed: Catalogue | undefined, packageEntries: readonly CatalogueEntry[]): Catalogue {
  const entryKey = ({ kind, id }: CatalogueEntry): string => `${kind} ${id}`;
  const packageKeys = new Set(packageEntries.map(entryKey));
  const others = (installed?.entries ?? []).filter((entry) => !packageKeys.has(entryKey(entry)));
  return { packages: [], broken: [], suspects: [], presets: [], ...installed, entries: [...others, ...packageEntries] };
}

const looksLikePlugin = (file: string): boolean => {
  if (!existsSync(file)) return false;
  const { keywords, medbench } = readPackageJson(file);
  const declares = medbench !== undefined && (medbench.entry !== undefined || medbench.presets === undefined);
  return declares || (keywords?.includes(PLUGIN_KEYWORD) ?? false);
};

/**
 * The plugin packages at a folder: itself, or else those directly in it, by name.
 * @throws MedbenchError('usage') if there is none.
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
  throw new MedbenchError('usage', `There is no plugin package in ${dir}, nor in a folder of it`, {
    hint: `Its package.json has the keyword "${PLUGIN_KEYWORD}" and "medbench": { "api": 1, "entry": "." }.`,
  });
}

/**
 * Checks a built plugin package: its manifest, its info, and what each of its classes does when it runs.
 * @param dir folder of the package.
 * @returns all that is wrong; nothing is thrown for a fault of the package.
 */
export async function checkPackage(dir: string, options: CheckOptions = {}): Promise<CheckedPackage> {
  const file = join(realpathSync(dir), 'package.json');
  const faults = await checkPlugin(dir);
  const notes: string[] = [];
  let entries: CatalogueEntry[] = [];
  try {
    entries = await readEntries(readPlugin(file, 'checked', 'this version'));
  } catch {
    // It does not load, which is among the faults already.
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
