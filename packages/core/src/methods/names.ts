/** Prefix that a sum adds to an objective's names, so that two objectives may use the same name. */
const objectivePrefix = (id: string): string => `${id}/`;

/** Adds the prefix of an objective to the names of its entries. */
export const addPrefix = <T>(id: string, entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [objectivePrefix(id) + name, value]));

/** Selects the entries of one objective and strips its prefix from their names. */
export function ownEntries<T>(id: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  const prefix = objectivePrefix(id);
  const matches = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(matches.map(([name, value]) => [name.slice(prefix.length), value]));
}

/**
 * Selects the entries that an objective may see: those that belong to no objective, and its own without the prefix. If
 * both have the same name, the objective's own entry wins.
 */
export function visibleEntries<T>(
  id: string,
  ids: readonly string[],
  entries: Readonly<Record<string, T>>,
): Record<string, T> {
  const shared = Object.entries(entries).filter(
    ([name]) => !ids.some((objective) => name.startsWith(objectivePrefix(objective))),
  );
  return { ...Object.fromEntries(shared), ...ownEntries(id, entries) };
}

/**
 * Adds the prefix of an objective to the name of a parameter or input. The random stream keeps the name without the
 * prefix, so the draws do not depend on the sum.
 */
export const prefixSpec = <T extends { readonly stream?: string }>(id: string, name: string, spec: T): [string, T] => [
  objectivePrefix(id) + name,
  { ...spec, stream: spec.stream ?? name },
];
