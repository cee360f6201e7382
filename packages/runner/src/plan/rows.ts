import type { Settings } from '@medbench/core';
import { MedbenchError, methodSettings, parseSetting, settingSpec } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { entriesOfKind, everyEntry, findEntry } from '@medbench/core/catalogue';
import { SUM, sumRow } from './sum.js';

/** A row that a method is trained for: the method under settings of its own. */
export interface MethodRow {
  /** The method's id; with settings in the selector `id:setting=value`. */
  readonly id: string;
  readonly entry: CatalogueEntry<'method'>;
  readonly settings: Settings;
}

/** A selector taken apart: an id, and for each setting the values it is swept over, as typed. */
interface Selector {
  readonly id: string;
  readonly sweeps: { readonly name: string; readonly values: string[] }[];
}

/** Splits `a,b:x=1,2:y=3,c` into selectors: what follows a value and is no id is another value. */
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
      } else if (!settings[0]!.includes('=')) sweep!.values.push(settings.shift()!);
      for (const setting of settings) {
        const equals = setting.indexOf('=');
        if (equals < 1 && selector!.id === SUM) throw missingWeight(setting, part);
        if (equals < 1) {
          throw new MedbenchError('usage', `"${setting}" in the selector ${part} is no setting`, {
            hint: 'Write method:setting=value, with further values behind commas.',
          });
        }
        selector!.sweeps.push({ name: setting.slice(0, equals), values: [setting.slice(equals + 1)] });
      }
    }
  }
  return parsed;
}

const missingWeight = (objective: string, part: string): MedbenchError =>
  new MedbenchError('usage', `"${objective}" in the selector ${part} has no weight`, {
    hint: `Write ${SUM}:clip=1:captioning=2, with settings as captioning.layers=2.`,
  });

/** Every combination of one value for each name. */
const combinations = (sweeps: Selector['sweeps']): [string, string][][] =>
  sweeps.reduce<[string, string][][]>(
    (combined, { name, values }) =>
      combined.flatMap((combination) => values.map((value) => [...combination, [name, value] as [string, string]])),
    [[]],
  );

/**
 * The rows that selectors ask for, in their order and without repeats: `all` (every method), the id of a preset (the rows
 * that it names), a method's id, or `id:setting=value` with further values behind commas and further settings behind
 * colons, of which every combination becomes a row. `sum:objective=weight` is a row without a method of its own.
 * @param overrides settings of single methods, under those of the selectors.
 * @throws MedbenchError('unknown-id'), ('usage') or ('config') naming what is wrong; ('plugin') for `all`
 *   where a package that may have methods cannot be used.
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
  const add = (entry: CatalogueEntry<'method'>, sweeps: Selector['sweeps']): void => {
    for (const chosen of combinations(sweeps)) {
      const chosenSettings = Object.fromEntries(
        chosen.map(([name, text]) => [name, parseSetting(settingSpec(entry.info, name), text)]),
      );
      const id = [entry.id, ...chosen.map(([name, text]) => `${name}=${text}`)].join(':');
      rows.set(id, { id, entry, settings: methodSettings(entry.info, { ...overrides[entry.id], ...chosenSettings }) });
    }
  };
  const addSums = (sweeps: Selector['sweeps']): void => {
    for (const chosen of combinations(sweeps)) {
      const row = sumRow(catalogue, chosen);
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
