import { MedbenchError } from '@medbench/core';
import { nearestName } from '@medbench/core/catalogue';
import type { z } from 'zod';
import type { ConfigFile } from './find.js';
import { type ConfigTree, mergeTrees, toTree } from './merge.js';
import { type Config, configSchema, DEFAULTS } from './schema.js';

/**
 * Parses `--set path=value`: the value is JSON if it parses as JSON, else text.
 * @throws MedbenchError('usage') without an equals sign.
 */
export function parseSet(assignment: string): ConfigTree {
  const equals = assignment.indexOf('=');
  if (equals < 1) {
    throw new MedbenchError('usage', `--set ${assignment} is not of the form path=value`, {
      hint: 'For example --set training.steps=100.',
    });
  }
  const text = assignment.slice(equals + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a plain string such as --set encoders.image=vit-small.
  }
  return toTree(assignment.slice(0, equals), value);
}

/** Lists the keys that the defaults have at a path, to suggest the nearest one. */
function listDefaultKeys(path: readonly PropertyKey[]): string[] {
  let node: unknown = DEFAULTS;
  for (const key of path) node = typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined;
  return typeof node === 'object' && node !== null ? Object.keys(node) : [];
}

/** Describes one fault of the settings; for an unknown key, suggests the nearest valid one. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `"${path}": ${issue.message}`;
  return issue.keys
    .map((key) => {
      const validKeys = listDefaultKeys(issue.path);
      const guess = nearestName(key, validKeys);
      return `unknown setting "${path ? `${path}.` : ''}${key}"${guess ? `, did you mean "${guess}"?` : ` (known: ${validKeys.join(', ')})`}`;
    })
    .join('; ');
}

/**
 * Merges defaults, preset, file and flags, later ones overriding earlier ones, and checks the result.
 * @throws MedbenchError('config') that lists all faults at once, with the nearest valid key for each unknown one.
 */
export function resolveConfig(layers: { preset?: ConfigTree; file?: ConfigFile; flags?: ConfigTree }): Config {
  // Editors read `$schema`; medbench does not.
  const { $schema: _, ...fileTree } = layers.file?.tree ?? {};
  const tree = mergeTrees(DEFAULTS as unknown as ConfigTree, layers.preset ?? {}, fileTree, layers.flags ?? {});
  const checked = configSchema.safeParse(tree);
  if (checked.success) return checked.data;
  const where = layers.file ? layers.file.path : 'the settings';
  throw new MedbenchError('config', `${where}: ${checked.error.issues.map(describeIssue).join('; ')}`, {
    hint: 'See "Configuration" in the README.',
  });
}
