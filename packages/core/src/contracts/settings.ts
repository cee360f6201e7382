/** Value of a setting. */
export type SettingValue = number | string | boolean | readonly number[];
/** Values of settings by name. */
export type Settings = Readonly<Record<string, SettingValue>>;

/** Type of a setting's values. `integer` is a whole number, `choice` one of `choices`, `numbers` a list of numbers. */
export type SettingType = 'number' | 'integer' | 'text' | 'choice' | 'boolean' | 'numbers';

/** A setting that a plugin declares. It is plain data and is written to the info file of the package. */
export interface SettingSpec {
  readonly default: SettingValue;
  readonly description: string;
  /** Allowed values. Absent if the values are not a closed list. */
  readonly choices?: readonly SettingValue[];
  /** Lower bound, inclusive. In a list it holds for every number. */
  readonly min?: number;
  /** Upper bound, inclusive. In a list it holds for every number. */
  readonly max?: number;
  /** Type of the values. Default: the type of `default`. */
  readonly type?: SettingType;
  /** Whether a list may hold each number only once. */
  readonly distinct?: true;
  /** Whether `'auto'` is allowed too. The plugin then chooses a value, for example by the width of a tower. */
  readonly auto?: true;
  /**
   * Whether the setting at its default is left out of the keys of results. For a setting that was added later and whose
   * default means what was done before, so that earlier results keep their keys.
   */
  readonly keepsKeys?: true;
  /**
   * Whether the value only says where data lie. The keys of results hold the default in its place: the fingerprint of the
   * data tells what they are, so that equal data from another place have equal keys.
   */
  readonly locates?: true;
}

/** Declared settings by name. */
export type SettingSpecs = Readonly<Record<string, SettingSpec>>;

/** Exists for the type checker only: no object has this property. */
declare const VALUE: unique symbol;

/** A setting whose value type `V` the type checker knows. Made by `defineSettings`. */
export type TypedSetting<V extends SettingValue> = SettingSpec & { readonly [VALUE]: V };

/** Values of declared settings by name. For a plain `SettingSpec` the type of the value is `SettingValue`. */
export type SettingsOf<S extends SettingSpecs> = {
  readonly [K in keyof S]: S[K] extends { readonly [VALUE]: infer V extends SettingValue } ? V : SettingValue;
};
