/** Names of a sum's parts: those of an objective carry its id, so that two objectives may use one name. */
const objectivePrefix = (id: string): string => `${id}/`;

/** An objective's own names, as the sum sees them. */
export const joint = <T>(id: string, own: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(own).map(([name, value]) => [objectivePrefix(id) + name, value]));

/** The entries of one objective, under its own names. */
export function entriesWithPrefix<T>(id: string, all: Readonly<Record<string, T>>): Record<string, T> {
  const prefix = objectivePrefix(id);
  const own = Object.entries(all).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** What an objective may see: the entries of no objective, and its own, which go first where both have one name. */
export function seenBy<T>(id: string, ids: readonly string[], all: Readonly<Record<string, T>>): Record<string, T> {
  const shared = Object.entries(all).filter(([name]) => !ids.some((one) => name.startsWith(objectivePrefix(one))));
  return { ...Object.fromEntries(shared), ...entriesWithPrefix(id, all) };
}

/** Parameters or inputs of an objective, named for the sum. What they are drawn from keeps to their own names. */
export const named = <T extends { readonly stream?: string }>(id: string, name: string, spec: T): [string, T] => [
  objectivePrefix(id) + name,
  { ...spec, stream: spec.stream ?? name },
];
