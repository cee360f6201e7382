export type SettingValue = number | string | boolean | readonly number[];
export type Settings = Readonly<Record<string, SettingValue>>;

/** A setting that a plugin declares. */
export interface SettingSpec {
  readonly default: SettingValue;
  readonly description: string;
  /** Closed vocabulary, where there is one. */
  readonly choices?: readonly SettingValue[];
  /** Bounds, inclusive; of a list they hold for each of its numbers. */
  readonly min?: number;
  readonly max?: number;
}
