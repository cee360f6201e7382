import { MedbenchError } from '@medbench/core';
import { type Catalogue, unknownIdError } from '@medbench/core/catalogue';
import { type ConfigTree, mergeTrees } from './merge.js';

/** A preset that was found. Its `config` includes the settings of the preset that it extends. */
export type FoundPreset = Catalogue['presets'][number];

/**
 * Gives each preset the settings of the preset that it extends; its own override them.
 * @throws MedbenchError('plugin') naming the package of a preset that extends an unknown preset or, in the end, itself.
 */
export function inheritSettings(declared: readonly FoundPreset[]): FoundPreset[] {
  const settingsOf = (preset: FoundPreset, extending: readonly string[]): ConfigTree => {
    const { id, extends: parent, config } = preset;
    if (parent === undefined) return config;
    const chain = [...extending, id];
    const found = chain.includes(parent) ? undefined : declared.find((other) => other.id === parent);
    if (!found) {
      const fault = chain.includes(parent) ? 'which extends it in turn' : 'which does not exist';
      throw new MedbenchError('plugin', `The preset ${id} of ${preset.package} extends ${parent}, ${fault}`);
    }
    return mergeTrees(settingsOf(found, chain), config);
  };
  return declared.map((preset) => ({ ...preset, config: settingsOf(preset, []) }));
}

/** Splits `study,demo-size` into ids. */
export const presetIds = (names: unknown): string[] =>
  names === undefined || names === null
    ? []
    : String(names)
        .split(',')
        .map((id) => id.trim())
        .filter(Boolean);

/**
 * Finds the presets that a setting names.
 * @param names ids separated by commas; undefined and null name none.
 * @throws MedbenchError('unknown-id') for a preset that no package declares.
 */
export const findPresets = (presets: readonly FoundPreset[], names: unknown): FoundPreset[] =>
  presetIds(names).map((name) => {
    const found = presets.find(({ id }) => id === name);
    if (found) return found;
    const known = presets.map(({ id }) => id);
    throw unknownIdError('preset', name, known, 'medbench list presets');
  });

/** Merges the settings of presets; later presets override earlier ones. */
export const mergePresets = (presets: readonly FoundPreset[]): ConfigTree =>
  mergeTrees(...presets.map(({ config }) => config));

/**
 * Names the presets that a choice is to be compared with: each preset that says `against` is replaced by the one that it
 * names. Undefined if no preset says so.
 */
export function comparedPresets(presets: readonly FoundPreset[]): string | undefined {
  return presets.some(({ against }) => against !== undefined)
    ? presets.map(({ id, against }) => against ?? id).join(',')
    : undefined;
}
