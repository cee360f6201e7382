import type { Settings } from '@medbench/core';
import { hashJson, MedbenchError, methodSettings, parseSetting, settingSpec } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { entriesOfKind, everyEntry, findEntry } from '@medbench/core/catalogue';
import { SUM, sumRow } from './sum.js';

/** A row that trains a method: the method and its settings. */
export interface MethodRow {
  /** Id of the method, followed by the settings of its selector, if any: `id:setting=value`. */
  readonly id: string;
  readonly entry: CatalogueEntry<'method'>;
  readonly settings: Settings;
}

/** A row of the results table. */
export type PlanRow =
  | {
      readonly kind: 'method';
      readonly id: string;
      readonly entry: CatalogueEntry<'method'>;
      readonly settings: Settings;
    }
  | { readonly kind: 'control'; readonly id: string; readonly entry: CatalogueEntry<'control'> }
  /** Embeddings that another tool made. */
  | { readonly kind: 'embeddings'; readonly id: string; readonly folder: string };

/** A parsed selector: an id and, for each setting, the values of its sweep as typed. */
interface Selector {
  readonly id: string;
  readonly sweeps: { readonly name: string; readonly values: string[] }[];
}

/** Parses `a,b:x=1,2:y=3,c` into selectors. A token after a value is another value of the sweep unless it is an id. */
function parseSelectors(selectors: readonly string[], ids: ReadonlySet<string>): Selector[] {
  const parsed: Selector[] = [];
  for (const part of selectors) {
    let selector: Selector | undefined;
    for (const token of part.split(',').map((text) => text.trim())) {
      const sweep = selector?.sweeps.at(-1);
      const pieces = token.split(':');
      const [id, ...settings] = ids.has(pieces[0]!) || !sweep ? pieces : ['', ...pieces];
      if (id === '' && settings.length === 0) continue;
      if (id !== '') {
        selector = { id: id!, sweeps: [] };
        parsed.push(selector);
      } else if (!selector) {
        throw new MedbenchError('usage', `The selector "${part}" begins with a setting`, {
          hint: 'Write method:setting=value, and separate further values with commas.',
        });
      } else if (!settings[0]!.includes('=')) sweep!.values.push(settings.shift()!);
      for (const setting of settings) {
        const equals = setting.indexOf('=');
        if (equals < 1 && selector!.id === SUM) throw missingWeight(setting, part);
        if (equals < 1) {
          throw new MedbenchError('usage', `"${setting}" in the selector ${part} is not a setting`, {
            hint: 'Write method:setting=value, and separate further values with commas.',
          });
        }
        selector!.sweeps.push({ name: setting.slice(0, equals), values: [setting.slice(equals + 1)] });
      }
    }
  }
  return parsed;
}

/**
 * Parses one selector with one value for each setting: `id:setting=value`. The id is not looked up.
 * @param path setting that holds the selector, for messages.
 * @throws MedbenchError('config') if it names several ids or values.
 */
export function parseSelector(
  selector: string,
  path: string,
): { readonly id: string; readonly settings: Readonly<Record<string, string>> } {
  const [only, ...others] = parseSelectors([selector], new Set());
  if (!only || others.length > 0 || only.sweeps.some(({ values }) => values.length !== 1)) {
    throw new MedbenchError('config', `${path} is "${selector}", which is not one id with its settings`, {
      hint: 'Write id or id:setting=value, with further settings after colons.',
    });
  }
  return { id: only.id, settings: Object.fromEntries(only.sweeps.map(({ name, values }) => [name, values[0]!])) };
}

const missingWeight = (objective: string, part: string): MedbenchError =>
  new MedbenchError('usage', `"${objective}" in the selector ${part} has no weight`, {
    hint: `Write ${SUM}:clip=1:captioning=2, with settings as captioning.layers=2.`,
  });

/** Returns all combinations with one value for each name. */
const combinations = (sweeps: Selector['sweeps']): [string, string][][] =>
  sweeps.reduce<[string, string][][]>(
    (combined, { name, values }) =>
      combined.flatMap((combination) => values.map((value) => [...combination, [name, value] as [string, string]])),
    [[]],
  );

/**
 * Returns the rows that selectors name, in their order and without duplicates. A selector is one of
 * - `all`: every method;
 * - the id of a preset: the rows that the preset names;
 * - the id of a method;
 * - `id:setting=value`, with further values after commas and further settings after colons: one row per combination;
 * - `sum:objective=weight`: a row that sums objectives and has no method plugin.
 * @param overrides settings of individual methods; those of the selectors override them.
 * @throws MedbenchError('unknown-id'), ('usage') or ('config') naming the fault; ('plugin') for `all` if a package that
 *   may have methods cannot be used.
 */
export function selectRows(
  catalogue: Catalogue,
  selectors: readonly string[],
  overrides: Readonly<Record<string, Settings>>,
): MethodRow[] {
  const entries = entriesOfKind(catalogue, 'method');
  const presets = new Map(
    catalogue.presets.flatMap(({ id, config }) => {
      const methods = (config as { methods?: readonly string[] }).methods;
      return methods ? [[id, methods] as const] : [];
    }),
  );
  const ids = new Set(['all', SUM, ...presets.keys(), ...entries.map(({ id }) => id)]);
  const rows = new Map<string, MethodRow>();
  // Rows that one selector names with equal values, such as 0.5 and 0.50, are one row.
  const written = new Set<string>();
  const isRepeated = (id: string, values: Readonly<Record<string, unknown>>): boolean => {
    const meaning = hashJson([id, values]);
    return written.has(meaning) || !written.add(meaning);
  };
  const add = (entry: CatalogueEntry<'method'>, sweeps: Selector['sweeps']): void => {
    for (const chosen of combinations(sweeps)) {
      const chosenSettings = Object.fromEntries(
        chosen.map(([name, text]) => [name, parseSetting(settingSpec(entry.info, name), text)]),
      );
      if (isRepeated(entry.id, chosenSettings)) continue;
      const id = [entry.id, ...chosen.map(([name, text]) => `${name}=${text}`)].join(':');
      rows.set(id, { id, entry, settings: methodSettings(entry.info, { ...overrides[entry.id], ...chosenSettings }) });
    }
  };
  const addSums = (sweeps: Selector['sweeps']): void => {
    for (const chosen of combinations(sweeps)) {
      const row = sumRow(catalogue, chosen);
      if (isRepeated(SUM, row.settings)) continue;
      rows.set(row.entry.id, { id: row.entry.id, ...row });
    }
  };
  const resolve = (names: readonly string[], enclosingPresets: readonly string[]): void => {
    for (const { id, sweeps } of parseSelectors(names, ids)) {
      const preset = presets.get(id);
      const isMethod = entries.some((entry) => entry.id === id);
      if (id === SUM) addSums(sweeps);
      else if (id === 'all') for (const entry of everyEntry(catalogue, 'method')) add(entry, sweeps);
      else if (preset && !isMethod && !enclosingPresets.includes(id)) resolve(preset, [...enclosingPresets, id]);
      else add(findEntry(catalogue, 'method', id), sweeps);
    }
  };
  resolve(selectors, []);
  if (rows.size === 0) throw new MedbenchError('usage', 'No method is selected', { hint: 'Name some, or use "all".' });
  return [...rows.values()];
}
