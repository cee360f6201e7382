import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CorpusInfo,
  type EncoderInfo,
  isMedbenchError,
  MedbenchError,
  type MethodInfo,
  messageOf,
  type PluginKind,
  type TaskContext,
  type TaskInfo,
} from '@medbench/core';
import {
  type Catalogue,
  type CatalogueEntry,
  PLUGIN_KEYWORD,
  type PluginPackage,
  pluginClasses,
  readPackageJson,
  readPlugin,
} from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { checkPlugin } from '@medbench/core/testing';
import { composeRegistry, methodSettings, silentLogger } from '@medbench/runner';
import { checkMethod } from './method.js';
import { checkBackend, checkControl, checkCorpus, checkEncoder, checkTask } from './others.js';

/** Where tasks and corpora find their data. */
export type CheckOptions = Partial<Pick<TaskContext, 'dataRoot' | 'cacheRoot'>>;

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
const lineOf = (error: unknown): string => {
  const hint = isMedbenchError(error) && error.hint ? `. ${error.hint}` : '';
  return `${messageOf(error)}${hint}`.replace(/\s*\n\s*/g, ' ');
};

/** Runs the class of an entry. @returns a note. @throws whatever is wrong with it. */
async function runEntry(registry: Registry, entry: CatalogueEntry, options: CheckOptions): Promise<string | undefined> {
  const { id, info } = entry;
  const run: Readonly<Record<PluginKind, () => Promise<unknown>>> = {
    method: async () => checkMethod(await registry.get('method', id), methodSettings(info as MethodInfo)),
    task: async () => checkTask(await registry.get('task', id), info as TaskInfo, options),
    corpus: async () => checkCorpus(await registry.get('corpus', id), info as CorpusInfo, options),
    encoder: async () => checkEncoder(await registry.get('encoder', id), info as EncoderInfo),
    control: async () => checkControl(await registry.get('control', id)),
    backend: async () => checkBackend(await registry.get('backend', id)),
  };
  const note = await run[entry.kind]();
  return typeof note === 'string' ? note : undefined;
}

/** The catalogue of one package, of what its code says. */
async function catalogueOf(plugin: PluginPackage): Promise<Catalogue> {
  const entries = (await pluginClasses(plugin)).map(({ metadata: { kind, info } }) => ({
    ...{ kind, id: info.id, info, package: plugin },
  }));
  return { packages: [plugin], broken: [], suspects: [], entries, presets: [] };
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
 * Checks a built plugin package: its manifest, its facts, and what each of its classes does when it runs.
 * @param dir folder of the package.
 * @returns all that is wrong; nothing is thrown for a fault of the package.
 */
export async function checkPackage(dir: string, options: CheckOptions = {}): Promise<CheckedPackage> {
  const file = join(realpathSync(dir), 'package.json');
  const faults = await checkPlugin(dir);
  const notes: string[] = [];
  let catalogue: Catalogue | undefined;
  try {
    catalogue = await catalogueOf(readPlugin(file, 'checked', 'this version'));
  } catch {
    // It does not load, which is among the faults already.
  }
  const registry = catalogue && composeRegistry(catalogue, { logger: silentLogger });
  for (const entry of catalogue?.entries ?? []) {
    try {
      const note = await runEntry(registry!, entry, options);
      if (note !== undefined) notes.push(`${entry.kind} "${entry.id}": ${note}`);
    } catch (error) {
      const line = lineOf(error);
      faults.push(line.includes(`"${entry.id}"`) ? line : `${entry.kind} "${entry.id}": ${line}`);
    }
  }
  const name = readPackageJson(file).name ?? dir;
  return { name, plugins: (catalogue?.entries ?? []).map(({ kind, id }) => `${kind} "${id}"`), faults, notes };
}
