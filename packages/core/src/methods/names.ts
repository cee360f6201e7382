/** Names of a sum's parts: those of an objective carry its id, so that two objectives may use one name. */
const objectivePrefix = (id: string): string => `${id}/`;

/** An objective's own names, as the sum sees them. */
export const addPrefix = <T>(id: string, entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [objectivePrefix(id) + name, value]));

/** The entries of one objective, under its own names. */
export function ownEntries<T>(id: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  const prefix = objectivePrefix(id);
  const matches = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(matches.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** What an objective may see: the entries of no objective, and its own, which go first where both have one name. */
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

/** Parameters or inputs of an objective, named for the sum. What they are drawn from keeps to their own names. */
export const prefixSpec = <T extends { readonly stream?: string }>(id: string, name: string, spec: T): [string, T] => [
  objectivePrefix(id) + name,
  { ...spec, stream: spec.stream ?? name },
];
