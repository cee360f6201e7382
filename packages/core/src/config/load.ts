import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import type { z } from 'zod';
import { nearest } from '../discovery/select.js';
import { MedbenchError, messageOf } from '../errors.js';
import { type ConfigTree, mergeTrees, treeOf } from './merge.js';
import { type Config, configSchema, DEFAULTS } from './schema.js';

export interface ConfigFile {
  readonly path: string;
  readonly tree: ConfigTree;
}

/**
 * Finds `medbench.config.{ts,js,json,yaml}`, `.medbenchrc*` or `package.json#medbenchConfig` at or above the folder.
 * @throws MedbenchError('config') if the named file is missing or does not parse.
 */
export async function findConfigFile(cwd: string, path?: string): Promise<ConfigFile | undefined> {
  const explorer = cosmiconfig('medbench', { searchStrategy: 'project', packageProp: 'medbenchConfig' });
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

/**
 * Reads `--set path=value`: the value is JSON where it parses as JSON, else text.
 * @throws MedbenchError('usage') without an equals sign.
 */
export function parseSet(assignment: string): ConfigTree {
  const at = assignment.indexOf('=');
  if (at < 1) {
    throw new MedbenchError('usage', `--set ${assignment} is not of the form path=value`, {
      hint: 'For example --set training.steps=100.',
    });
  }
  const text = assignment.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a plain string such as --set encoders.image=vit-small.
  }
  return treeOf(assignment.slice(0, at), value);
}

/** Keys that the defaults have at a path, for near-match suggestions. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let at: unknown = DEFAULTS;
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return typeof at === 'object' && at !== null ? Object.keys(at) : [];
}

function explain(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `"${at}": ${issue.message}`;
  return issue.keys
    .map((key) => {
      const known = knownKeys(issue.path);
      const guess = nearest(key, known);
      return `unknown setting "${at ? `${at}.` : ''}${key}"${guess ? `, did you mean "${guess}"?` : ` (known: ${known.join(', ')})`}`;
    })
    .join('; ');
}

/**
 * Lays defaults, preset, file and flags over each other and checks the result.
 * @throws MedbenchError('config') that lists every fault at once, each with the nearest known key.
 */
export function resolveConfig(layers: { preset?: ConfigTree; file?: ConfigFile; flags?: ConfigTree }): Config {
  const tree = mergeTrees(
    DEFAULTS as unknown as ConfigTree,
    layers.preset ?? {},
    layers.file?.tree ?? {},
    layers.flags ?? {},
  );
  const checked = configSchema.safeParse(tree);
  if (checked.success) return checked.data;
  const where = layers.file ? layers.file.path : 'the settings given';
  throw new MedbenchError('config', `${where}: ${checked.error.issues.map(explain).join('; ')}`, {
    hint: 'See "Configuration" in the README, or medbench config.',
  });
}
