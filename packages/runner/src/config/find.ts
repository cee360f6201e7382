import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorMessage, MedbenchError } from '@medbench/core';
import { readPackageJson } from '@medbench/core/catalogue';
import { type ConfigTree, isTree } from './merge.js';

/** Field of package.json that may hold settings. */
const PACKAGE_FIELD = 'medbenchConfig';

/** Files that may hold settings, besides package.json; the first that exists in a folder is read. */
const PLACES = [
  ...['ts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map((extension) => `medbench.config.${extension}`),
  ...['', '.json', '.yaml', '.yml'].map((extension) => `.medbenchrc${extension}`),
];

/** A configuration file and the settings that it holds, not checked yet. */
export interface ConfigFile {
  readonly path: string;
  readonly tree: ConfigTree;
}

/** Loads a TypeScript file and what it imports, without the package `typescript`. The types are not checked. */
async function loadTypeScript(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(path, { fsCache: false, moduleCache: false }).import(path, { default: true });
}

/** Reads a file of settings. @returns what it holds; undefined if it is empty. */
async function loadFile(path: string): Promise<unknown> {
  // Loaded here, because most commands find no such file, and a listing must be instant.
  const { cosmiconfig } = await import('cosmiconfig');
  const loaders = { '.ts': loadTypeScript };
  const loaded = await cosmiconfig('medbench', { packageProp: PACKAGE_FIELD, loaders }).load(path);
  return loaded === null || loaded.isEmpty ? undefined : loaded.config;
}

/**
 * Reads an object from a TypeScript, JavaScript, JSON or YAML file.
 * @param noun kind of the file, for messages, such as `study`.
 * @throws MedbenchError('config') if the file does not exist, does not parse or holds no object.
 */
export async function readTreeFile(path: string, noun: string): Promise<ConfigFile> {
  if (!existsSync(path)) throw new MedbenchError('config', `There is no ${noun} file ${path}`);
  try {
    const tree = await loadFile(path);
    if (!isTree(tree)) throw new MedbenchError('config', `${path} must hold an object`);
    return { path, tree };
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw new MedbenchError('config', `The ${noun} ${path} does not load: ${errorMessage(cause)}`, { cause });
  }
}

/** Finds the file with settings at or above a folder, up to the folder of the nearest package.json. */
function findPlace(folder: string): string | undefined {
  const packageJson = join(folder, 'package.json');
  const isProject = existsSync(packageJson);
  if (isProject && PACKAGE_FIELD in readPackageJson(packageJson)) return packageJson;
  const place = PLACES.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (place !== undefined || isProject || dirname(folder) === folder) return place;
  return findPlace(dirname(folder));
}

/**
 * Finds `package.json#medbenchConfig`, `medbench.config.{ts,js,json,yaml}` or `.medbenchrc*` at or above the folder.
 * @throws MedbenchError('config') if the named file is missing or does not parse.
 */
export async function findConfigFile(cwd: string, path?: string): Promise<ConfigFile | undefined> {
  const named = path === undefined ? undefined : resolve(cwd, path);
  if (named !== undefined && !existsSync(named)) {
    throw new MedbenchError('config', `There is no configuration file ${path}`, { hint: 'Check --config.' });
  }
  const file = named ?? findPlace(resolve(cwd));
  if (file === undefined) return undefined;
  try {
    const tree = await loadFile(file);
    if (tree === undefined) return undefined;
    if (!isTree(tree)) throw new MedbenchError('config', `${file} must hold an object of settings`);
    return { path: file, tree };
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    const message = `The configuration ${path ?? file} does not load: ${errorMessage(cause)}`;
    throw new MedbenchError('config', message, { cause });
  }
}
