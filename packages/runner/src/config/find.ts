import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage, MedbenchError } from '@medbench/core';
import { cosmiconfig } from 'cosmiconfig';
import { type ConfigTree, isTree } from './merge.js';

/** Files that may hold settings; the first that exists in a folder is read. */
const PLACES = [
  'package.json',
  ...['ts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map((extension) => `medbench.config.${extension}`),
  ...['', '.json', '.yaml', '.yml'].map((extension) => `.medbenchrc${extension}`),
];

/** A configuration file and the settings that it holds, not checked yet. */
export interface ConfigFile {
  readonly path: string;
  readonly tree: ConfigTree;
}

/**
 * Reads an object from a TypeScript, JavaScript, JSON or YAML file.
 * @param noun kind of the file, for messages, such as `study`.
 * @throws MedbenchError('config') if the file does not exist, does not parse or holds no object.
 */
export async function readTreeFile(path: string, noun: string): Promise<ConfigFile> {
  if (!existsSync(path)) throw new MedbenchError('config', `There is no ${noun} file ${path}`);
  try {
    const loaded = await cosmiconfig('medbench').load(path);
    if (!isTree(loaded?.config)) throw new MedbenchError('config', `${path} must hold an object`);
    return { path, tree: loaded.config };
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw new MedbenchError('config', `The ${noun} ${path} does not load: ${errorMessage(cause)}`, { cause });
  }
}

/**
 * Finds `medbench.config.{ts,js,json,yaml}`, `.medbenchrc*` or `package.json#medbenchConfig` at or above the folder.
 * @throws MedbenchError('config') if the named file is missing or does not parse.
 */
export async function findConfigFile(cwd: string, path?: string): Promise<ConfigFile | undefined> {
  const explorer = cosmiconfig('medbench', {
    searchStrategy: 'project',
    searchPlaces: PLACES,
    packageProp: 'medbenchConfig',
  });
  if (path !== undefined && !existsSync(resolve(cwd, path))) {
    throw new MedbenchError('config', `There is no configuration file ${path}`, { hint: 'Check --config.' });
  }
  try {
    const loaded = path === undefined ? await explorer.search(cwd) : await explorer.load(resolve(cwd, path));
    if (!loaded || loaded.isEmpty) return undefined;
    if (!isTree(loaded.config)) {
      throw new MedbenchError('config', `${loaded.filepath} must hold an object of settings`);
    }
    return { path: loaded.filepath, tree: loaded.config };
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw new MedbenchError(
      'config',
      `The configuration${path ? ` ${path}` : ''} does not load: ${errorMessage(cause)}`,
      {
        cause,
      },
    );
  }
}
