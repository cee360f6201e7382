import { MedbenchError } from '@medbench/core';

/** Deepest nesting of settings that is read; no setting lies deeper than five. */
const MAX_DEPTH = 32;

/** Nested settings as read from a file or flags, before they are checked. */
export type ConfigTree = { [key: string]: unknown };

/** Whether a value is an object of settings, and neither a list nor a single value. */
export const isTree = (value: unknown): value is ConfigTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Merges trees; later trees override earlier ones. Arrays are replaced, not joined.
 * @throws MedbenchError('config') for a tree that is nested too deeply, and for the key `__proto__`, which would set no
 *   setting.
 */
export function mergeTrees(...trees: readonly ConfigTree[]): ConfigTree {
  return mergeBelow([], trees);
}

function mergeBelow(path: readonly string[], trees: readonly ConfigTree[]): ConfigTree {
  const merged: ConfigTree = {};
  if (path.length > MAX_DEPTH) throw tooDeep(path);
  for (const tree of trees) {
    for (const [key, value] of Object.entries(tree)) {
      const at = [...path, key];
      if (key === '__proto__') throw new MedbenchError('config', `unknown setting "${at.join('.')}"`);
      if (!isTree(value)) merged[key] = requireShallow(at, value);
      else {
        const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
        merged[key] = mergeBelow(at, [isTree(below) ? below : {}, value]);
      }
    }
  }
  return merged;
}

const tooDeep = (path: readonly string[]): MedbenchError =>
  new MedbenchError(
    'config',
    `The settings are nested more than ${MAX_DEPTH} deep at "${path.slice(0, 3).join('.')}…"`,
  );

/** Returns a value that is no tree. @throws MedbenchError('config') if it is a list that is nested too deeply. */
function requireShallow(path: readonly string[], value: unknown): unknown {
  let level: readonly unknown[] = [value];
  for (let depth = path.length; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw tooDeep(path);
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return value;
}

/** Returns a tree without its undefined values. */
export const dropUndefined = (tree: Readonly<Record<string, unknown>>): ConfigTree =>
  Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));

/**
 * Returns a tree with one leaf: `training.steps` and 10 give `{ training: { steps: 10 } }`.
 * @throws MedbenchError('config') for a path of too many names.
 */
export function toTree(path: string, value: unknown): ConfigTree {
  if (path.split('.').length > MAX_DEPTH) throw tooDeep(path.split('.'));
  return path.split('.').reduceRight<unknown>((below, key) => ({ [key]: below }), value) as ConfigTree;
}
