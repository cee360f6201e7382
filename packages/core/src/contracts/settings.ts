export type SettingValue = number | string | boolean;
export type Settings = Readonly<Record<string, SettingValue>>;

/** A setting that a plugin declares. */
export interface SettingSpec {
  readonly default: SettingValue;
  readonly description: string;
  /** Closed vocabulary, where there is one. */
  readonly choices?: readonly SettingValue[];
  readonly min?: number;
  readonly max?: number;
}
