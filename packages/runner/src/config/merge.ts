/** Nested settings as read from a file or flags, before they are checked. */
export type ConfigTree = { [key: string]: unknown };

/** Whether a value is an object of settings, and neither a list nor a single value. */
export const isTree = (value: unknown): value is ConfigTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Merges trees; later trees override earlier ones. Arrays are replaced, not joined. */
export function mergeTrees(...trees: readonly ConfigTree[]): ConfigTree {
  const merged: ConfigTree = {};
  for (const tree of trees) {
    for (const [key, value] of Object.entries(tree)) {
      const below = merged[key];
      merged[key] = isTree(value) ? mergeTrees(isTree(below) ? below : {}, value) : value;
    }
  }
  return merged;
}

/** Returns a tree without its undefined values. */
export const dropUndefined = (tree: Readonly<Record<string, unknown>>): ConfigTree =>
  Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));

/** Returns a tree with one leaf: `training.steps` and 10 give `{ training: { steps: 10 } }`. */
export function toTree(path: string, value: unknown): ConfigTree {
  return path.split('.').reduceRight<unknown>((below, key) => ({ [key]: below }), value) as ConfigTree;
}
