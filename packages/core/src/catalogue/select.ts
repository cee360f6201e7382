import { distance } from 'fastest-levenshtein';
import type { PluginKind } from '../decorators.js';
import { MedbenchError } from '../errors.js';
import type { Catalogue, CatalogueEntry } from './catalogue.js';
import { MANIFEST_KEYS } from './manifest.js';

/** ", did you mean x?" for the nearest of the known names, or nothing if none is near. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((id) => ({ id, cost: distance(name, id) })).sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best && best.cost <= Math.max(2, Math.ceil(name.length / 3)) ? best.id : undefined;
}

/** The error for a name that does not exist: what was asked, the nearest that does, and where to see them all. */
export function unknownIdError(
  kind: string,
  id: string,
  knownIds: readonly string[],
  listCommand: string,
): MedbenchError {
  const guess = nearestName(id, knownIds);
  const hint = `${guess ? `Did you mean "${guess}"? ` : ''}Known: ${knownIds.join(', ') || 'none'} (${listCommand}).`;
  return new MedbenchError('unknown-id', `Unknown ${kind} "${id}"`, { hint });
}

export function entriesOfKind<K extends PluginKind>(catalogue: Catalogue, kind: K): CatalogueEntry<K>[] {
  return catalogue.entries.filter((entry): entry is CatalogueEntry<K> => entry.kind === kind);
}

/** @throws MedbenchError('unknown-id') with the nearest known id. */
export function findEntry<K extends PluginKind>(catalogue: Catalogue, kind: K, id: string): CatalogueEntry<K> {
  const entries = entriesOfKind(catalogue, kind);
  const entry = entries.find((candidate) => candidate.id === id);
  if (entry) return entry;
  const error = unknownIdError(
    kind,
    id,
    entries.map((candidate) => candidate.id),
    `medbench list ${MANIFEST_KEYS[kind]}`,
  );
  if (catalogue.broken.length === 0) throw error;
  // The id may be that of a package that cannot be used: then its reason is the answer.
  const reasons = catalogue.broken.map(({ package: { name }, reason }) => `${name} cannot be used: ${reason}.`);
  throw new MedbenchError('unknown-id', error.message, { hint: [error.hint, ...reasons].join(' ') });
}

/**
 * All plugins of a kind.
 * @throws MedbenchError('plugin') naming each package that may have some and cannot be used: "all" would not be all.
 */
export function everyEntry<K extends PluginKind>(catalogue: Catalogue, kind: K): CatalogueEntry<K>[] {
  const missing = catalogue.broken.filter(({ kinds }) => !kinds || kinds.includes(kind));
  if (missing.length === 0) return entriesOfKind(catalogue, kind);
  const key = MANIFEST_KEYS[kind];
  const reasons = missing.map(({ package: { name }, reason }) => `${name} cannot be used: ${reason}`);
  throw new MedbenchError('plugin', `"all" would leave ${key} out. ${reasons.join('. ')}`, {
    hint: `Mend or uninstall the package, or name the ${key} in place of "all" (medbench list ${key}).`,
  });
}

/**
 * Resolves a selector: `all`, or ids separated by commas, in the order given and without repeats.
 * @throws MedbenchError('unknown-id') for an id that does not exist; ('usage') for a selector that selects nothing;
 *   ('plugin') for `all` where a package that may have some cannot be used.
 */
export function selectEntries<K extends PluginKind>(
  catalogue: Catalogue,
  kind: K,
  selector: readonly string[],
): CatalogueEntry<K>[] {
  const ids = [
    ...new Set(
      selector
        .flatMap((part) => part.split(','))
        .map((id) => id.trim())
        .filter(Boolean),
    ),
  ];
  const chosen = ids.includes('all') ? everyEntry(catalogue, kind) : ids.map((id) => findEntry(catalogue, kind, id));
  if (chosen.length === 0) {
    throw new MedbenchError('usage', `No ${kind} is selected`, { hint: `Name some, or use "all".` });
  }
  return chosen;
}
