import { MedbenchError } from '@medbench/core';
import { nearestName } from '@medbench/core/catalogue';
import type { z } from 'zod';
import type { ConfigFile } from './find.js';
import { type ConfigTree, mergeTrees, toTree } from './merge.js';
import { type Config, configSchema, DEFAULTS } from './schema.js';

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
  return toTree(assignment.slice(0, at), value);
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
      const guess = nearestName(key, known);
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
    hint: 'See "Configuration" in the README.',
  });
}
