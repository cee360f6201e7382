import type { AnyMethod, Settings, SettingValue, StartingWeights } from '@medbench/core';
import { checkSetting, MedbenchError, PLUGIN_API, parseSetting, settingSpec, use } from '@medbench/core';
import { type Catalogue, type CatalogueEntry, findEntry, type PluginPackage } from '@medbench/core/catalogue';
import { CORE_VERSION } from '../core-version.js';

/** Selector of a row that sums objectives and has no method plugin: `sum:clip=1:captioning=2`. */
export const SUM = 'sum';
const START = 'start';
const STARTS: readonly StartingWeights[] = ['general', 'scratch'];

/** The package that a sum's row belongs to. Its version is part of the row's key, because it composes the sum. */
const PACKAGE: PluginPackage = {
  name: '@medbench/core',
  version: CORE_VERSION,
  dir: '',
  manifest: { api: PLUGIN_API },
  why: 'a sum of objectives',
  dependencies: [],
  keywords: [],
};

/** Splits `captioning.layers` into objective and setting. A name without a dot is the weight of an objective. */
function splitName(name: string): { readonly objective: string; readonly setting: string | undefined } {
  const dot = name.indexOf('.');
  return dot < 0
    ? { objective: name, setting: undefined }
    : { objective: name.slice(0, dot), setting: name.slice(dot + 1) };
}

/** Parses the weight of an objective. @throws MedbenchError('config') if it is not a number of at least 0. */
function parseWeight(id: string, objective: string, typed: string): number {
  const weight = typed === '' ? Number.NaN : Number(typed);
  if (Number.isFinite(weight) && weight >= 0) return weight;
  throw new MedbenchError(
    'config',
    `The weight of ${objective} in ${id} must be a number of at least 0, not "${typed}"`,
  );
}

/** Parses and checks one value of a sum's selector. @throws MedbenchError as `sumRow`. */
function chosenValue(
  catalogue: Catalogue,
  id: string,
  name: string,
  typed: string,
  weighed: readonly string[],
): SettingValue {
  if (name === START) {
    if ((STARTS as readonly string[]).includes(typed)) return typed;
    throw new MedbenchError('config', `${START} in ${id} must be one of ${STARTS.join(', ')}, not ${typed}`);
  }
  const { objective, setting } = splitName(name);
  const { info } = findEntry(catalogue, 'objective', objective);
  if (setting === undefined) return parseWeight(id, objective, typed);
  if (!weighed.includes(objective)) {
    throw new MedbenchError('config', `${name} in ${id} is a setting of ${objective}, which has no weight there`, {
      hint: `Write ${objective}=1:${name}=${typed}.`,
    });
  }
  const spec = settingSpec(info, setting);
  const value = parseSetting(spec, typed);
  checkSetting(`${name} in ${id}`, spec, value);
  return value;
}

/**
 * Creates a row that trains a weighted sum of objectives. Its settings are weights by objective, settings of objectives
 * as `objective.setting`, and `start`.
 * @param chosen names and values as typed, in their order.
 * @throws MedbenchError('unknown-id') for an objective or a setting that does not exist; ('config') for an invalid
 *   value.
 */
export function sumRow(
  catalogue: Catalogue,
  chosen: readonly (readonly [string, string])[],
): { readonly entry: CatalogueEntry<'method'>; readonly settings: Settings } {
  const id = [SUM, ...chosen.map(([name, typed]) => `${name}=${typed}`)].join(':');
  const names = chosen.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new MedbenchError('config', `${id} gives ${twice} twice`);
  const weighed = names.filter((name) => name !== START && splitName(name).setting === undefined);
  const settings = Object.fromEntries(
    chosen.map(([name, typed]) => [name, chosenValue(catalogue, id, name, typed, weighed)] as const),
  );
  if (!weighed.some((name) => settings[name] !== 0)) {
    throw new MedbenchError('config', `${id} has no objective whose weight is above 0`, {
      hint: `Write ${SUM}:clip=1:captioning=2; medbench list objectives lists them.`,
    });
  }
  const info = {
    id,
    title: `Sum of objectives: ${chosen.map(([name, typed]) => `${name}=${typed}`).join(', ')}`,
    question: 'baseline',
    extension: true,
    settings: {},
    source: 'the command line',
  } as const;
  return { entry: { kind: 'method', id, info, package: PACKAGE }, settings };
}

/** Whether a row was created by `sumRow`, so that its settings define its method. */
export const isSum = ({ id }: Pick<CatalogueEntry<'method'>, 'id'>): boolean => id.startsWith(`${SUM}:`);

/** Creates the method of a row from `sumRow`. */
export function sumMethod(rowSettings: Settings): AnyMethod {
  const objectiveSettings = (objective: string): Settings =>
    Object.fromEntries(
      Object.entries(rowSettings).flatMap(([name, value]) => {
        const target = splitName(name);
        return target.objective === objective && target.setting !== undefined ? [[target.setting, value] as const] : [];
      }),
    );
  return {
    start: (rowSettings[START] as StartingWeights | undefined) ?? 'general',
    objectives: (settings) =>
      Object.entries(settings).flatMap(([name, weight]) =>
        typeof weight === 'number' && splitName(name).setting === undefined
          ? [use(name, { ...objectiveSettings(name), weight })]
          : [],
      ),
  };
}
