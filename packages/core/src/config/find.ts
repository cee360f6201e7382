import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import { MedbenchError, messageOf } from '../errors.js';
import type { ConfigTree } from './merge.js';

/** Where settings may stand in a folder, first come first served. */
const PLACES = [
  'package.json',
  ...['ts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map((extension) => `medbench.config.${extension}`),
  ...['', '.json', '.yaml', '.yml'].map((extension) => `.medbenchrc${extension}`),
];

export interface ConfigFile {
  readonly path: string;
  readonly tree: ConfigTree;
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
    const found = path === undefined ? await explorer.search(cwd) : await explorer.load(resolve(cwd, path));
    if (!found || found.isEmpty) return undefined;
    if (typeof found.config !== 'object' || found.config === null || Array.isArray(found.config)) {
      throw new MedbenchError('config', `${found.filepath} must hold an object of settings`);
    }
    return { path: found.filepath, tree: found.config as ConfigTree };
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw new MedbenchError('config', `The configuration${path ? ` ${path}` : ''} does not load: ${messageOf(cause)}`, {
      cause,
    });
  }
}
