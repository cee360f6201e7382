import { distance } from 'fastest-levenshtein';
import type { PluginKind } from '../decorators.js';
import { MedbenchError } from '../errors.js';
import type { Catalogue, CatalogueEntry } from './catalogue.js';
import { MANIFEST_KEYS } from './manifest.js';

/** Finds the candidate that is most similar to a name; undefined if none is similar enough. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((id) => ({ id, cost: distance(name, id) })).sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best && best.cost <= Math.max(2, Math.ceil(name.length / 3)) ? best.id : undefined;
}

/**
 * Makes the error for an unknown id. The hint names the most similar known id, all known ids and the command that lists
 * them.
 */
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

/** Lists the plugins of a kind. */
export function entriesOfKind<K extends PluginKind>(catalogue: Catalogue, kind: K): CatalogueEntry<K>[] {
  return catalogue.entries.filter((entry): entry is CatalogueEntry<K> => entry.kind === kind);
}

/** Finds a plugin by its id. @throws MedbenchError('unknown-id') with the nearest known id. */
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
  // The id may belong to a package that cannot be used. Then the fault of that package is the answer.
  const reasons = catalogue.broken.map(({ package: { name }, reason }) => `${name} cannot be used: ${reason}.`);
  throw new MedbenchError('unknown-id', error.message, { hint: [error.hint, ...reasons].join(' ') });
}

/**
 * Lists all plugins of a kind, for the selector `all`.
 * @throws MedbenchError('plugin') naming each unusable package that may have plugins of this kind, because "all" would
 *   then be incomplete.
 */
export function everyEntry<K extends PluginKind>(catalogue: Catalogue, kind: K): CatalogueEntry<K>[] {
  const missing = catalogue.broken.filter(({ kinds }) => !kinds || kinds.includes(kind));
  if (missing.length === 0) return entriesOfKind(catalogue, kind);
  const key = MANIFEST_KEYS[kind];
  const reasons = missing.map(({ package: { name }, reason }) => `${name} cannot be used: ${reason}`);
  throw new MedbenchError('plugin', `"all" would leave ${key} out. ${reasons.join('. ')}`, {
    hint: `Fix or uninstall the package, or name the ${key} in place of "all" (medbench list ${key}).`,
  });
}

/** Lists what the configuration of a preset names for a kind of plugin; undefined if it names nothing. */
function listedByPreset({ presets }: Catalogue, kind: PluginKind, id: string): readonly string[] | undefined {
  const listed = presets.find((preset) => preset.id === id)?.config[MANIFEST_KEYS[kind]];
  return Array.isArray(listed) ? listed.map(String) : undefined;
}

const splitIds = (selector: readonly string[]): string[] =>
  selector
    .flatMap((part) => part.split(','))
    .map((id) => id.trim())
    .filter(Boolean);

/**
 * Resolves a selector: `all`, or ids separated by commas. The id of a preset stands for the plugins that the preset
 * names, unless a plugin has that id. The order is kept and repeats are dropped.
 * @throws MedbenchError('unknown-id') for an unknown id; ('usage') for a selector that selects nothing; ('plugin') for
 *   `all` if a package that may have plugins of this kind cannot be used.
 */
export function selectEntries<K extends PluginKind>(
  catalogue: Catalogue,
  kind: K,
  selector: readonly string[],
): CatalogueEntry<K>[] {
  const known = new Set(entriesOfKind(catalogue, kind).map(({ id }) => id));
  const expand = (id: string): readonly string[] =>
    known.has(id) ? [id] : (listedByPreset(catalogue, kind, id) ?? [id]);
  const ids = [...new Set(splitIds(selector).flatMap(expand))];
  const chosen = ids.includes('all') ? everyEntry(catalogue, kind) : ids.map((id) => findEntry(catalogue, kind, id));
  if (chosen.length === 0) {
    throw new MedbenchError('usage', `No ${kind} is selected`, { hint: `Name at least one, or use "all".` });
  }
  return chosen;
}
