export type SettingValue = number | string | boolean | readonly number[];
export type Settings = Readonly<Record<string, SettingValue>>;

/** What a setting's values are. `integer`: a whole number; `choice`: one of `choices`; `numbers`: a list of numbers. */
export type SettingType = 'number' | 'integer' | 'text' | 'choice' | 'boolean' | 'numbers';

/** A setting that a plugin declares: plain data, written into its manifest. */
export interface SettingSpec {
  readonly default: SettingValue;
  readonly description: string;
  /** Closed vocabulary, where there is one. */
  readonly choices?: readonly SettingValue[];
  /** Bounds, inclusive; of a list they hold for each of its numbers. */
  readonly min?: number;
  readonly max?: number;
  /** Left out: the type of the default. */
  readonly type?: SettingType;
  /** Whether `'auto'` is a value too: the plugin then chooses, for example by the width of a tower. */
  readonly auto?: true;
}

export type SettingSpecs = Readonly<Record<string, SettingSpec>>;

/** Exists for the compiler alone: no object has it. */
declare const VALUE: unique symbol;

/** A setting of which the compiler knows what its values are; made by `defineSettings`. */
export type TypedSetting<V extends SettingValue> = SettingSpec & { readonly [VALUE]: V };

/** The values of declared settings, by name. Of a plain `SettingSpec` the compiler knows no more than `SettingValue`. */
export type SettingsOf<S extends SettingSpecs> = {
  readonly [K in keyof S]: S[K] extends { readonly [VALUE]: infer V extends SettingValue } ? V : SettingValue;
};
