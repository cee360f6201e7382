import { unknownIdError } from '../catalogue/select.js';
import type { MethodInfo } from '../contracts/method.js';
import type { SettingSpec, SettingSpecs, Settings, SettingType, SettingValue } from '../contracts/settings.js';
import { MedbenchError } from '../errors.js';

/** Info of a plugin that may declare settings. */
export interface Configurable {
  readonly id: string;
  readonly settings?: SettingSpecs;
}

/** The type of a setting's values: the declared type, or the type of the default value. */
export function settingType({ type, default: value }: SettingSpec): SettingType {
  if (type) return type;
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'numbers' : (typeof value as 'number' | 'boolean');
}

/** Names of the setting types in messages. */
const TYPE_DESCRIPTIONS: Readonly<Record<SettingType, string>> = {
  number: 'a number',
  integer: 'a whole number',
  text: 'a string',
  choice: 'a string',
  boolean: 'a boolean',
  numbers: 'a list of numbers',
};

/** Whether a value has a type. A list may be empty only if its default is an empty list. */
function hasType(type: SettingType, value: SettingValue, { default: defaultValue }: SettingSpec): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'numbers') {
    const fits = Array.isArray(value) && value.every((element) => typeof element === 'number');
    return fits && (value.length > 0 || (Array.isArray(defaultValue) && defaultValue.length === 0));
  }
  return typeof value === (type === 'number' || type === 'boolean' ? type : 'string');
}

/** Finds the declaration of a setting. @throws MedbenchError('unknown-id') with the nearest known name. */
export function settingSpec(info: Configurable, name: string): SettingSpec {
  // Names such as `constructor` are no settings, although every object has them.
  const spec = Object.hasOwn(info.settings ?? {}, name) ? info.settings?.[name] : undefined;
  if (spec) return spec;
  throw unknownIdError(`setting of ${info.id}`, name, Object.keys(info.settings ?? {}), 'medbench list --json');
}

/** The first value that a list holds twice; undefined if all differ. */
export const firstRepeated = <T>(list: readonly T[]): T | undefined => list.find((value, i) => list.indexOf(value) < i);

/**
 * Checks a value against the declaration of its setting.
 * @param flag name of the setting in the message.
 * @throws MedbenchError('config') if the value has the wrong type, is not one of the choices, or is out of bounds.
 */
export function checkSetting(flag: string, spec: SettingSpec, value: SettingValue): void {
  if (spec.auto && value === 'auto') return;
  const type = settingType(spec);
  const refuse = (requirement: string, actual: unknown): never => {
    throw new MedbenchError('config', `${flag} must ${requirement}${spec.auto ? ' or "auto"' : ''}, not ${actual}`);
  };
  if (spec.choices && typeof value === typeof spec.default && !spec.choices.includes(value)) {
    refuse(`be one of ${spec.choices.join(', ')}`, value);
  }
  if (!hasType(type, value, spec)) refuse(`be ${TYPE_DESCRIPTIONS[type]}`, JSON.stringify(value));
  const repeated = spec.distinct && Array.isArray(value) ? firstRepeated(value as number[]) : undefined;
  if (repeated !== undefined) refuse('hold each value once', `${repeated} twice`);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
  for (const element of typeof value === 'number' ? [value] : Array.isArray(value) ? (value as number[]) : []) {
    if (element < min || element > max) refuse(`lie in [${spec.min ?? '-∞'}, ${spec.max ?? '∞'}]`, element);
  }
}

/**
 * Resolves a plugin's settings: the defaults, overridden by `values`. A text may be given as a whole number.
 * @param group section of the configuration, for messages: `methodSettings`, `taskSettings` or `corpusSettings`.
 * @throws MedbenchError('unknown-id') for an unknown setting; ('config') for a wrong value.
 */
export function resolveSettings(group: string, info: Configurable, values: Settings = {}): Settings {
  const settings: Record<string, SettingValue> = {};
  for (const [name, spec] of Object.entries(info.settings ?? {})) settings[name] = spec.default;
  for (const [name, value] of Object.entries(values)) {
    const spec = settingSpec(info, name);
    const given = wholeNumberAsText(spec, value);
    checkSetting(`${group}.${info.id}.${name}`, spec, given);
    settings[name] = given;
  }
  return settings;
}

/** A whole number given for a free text stands for its digits: `--set launcher.slurm.mem=16000`. Other values stay. */
const wholeNumberAsText = (spec: SettingSpec, value: SettingValue): SettingValue =>
  settingType(spec) === 'text' && !spec.choices && Number.isSafeInteger(value) ? String(value) : value;

/**
 * The settings that enter the keys of results: all but those that `keepsKeys` leaves out at their default. One that
 * `locates` enters with its default.
 */
export const keyedSettings = ({ settings: specs = {} }: Configurable, settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([name, value]) => !(specs[name]?.keepsKeys && specs[name].default === value))
      .map(([name, value]) => [name, specs[name]?.locates ? specs[name].default : value]),
  );

/** Resolves a method's settings; see `resolveSettings`. */
export const methodSettings = (info: Pick<MethodInfo, 'id' | 'settings'>, values?: Settings): Settings =>
  resolveSettings('methodSettings', info, values);

/**
 * Converts a value typed on the command line to the type of its setting. Input that cannot be converted is returned
 * unchanged, and `checkSetting` refuses it.
 */
export function parseSetting(spec: SettingSpec, input: string): SettingValue {
  const type = settingType(spec);
  const isNumber = input !== '' && Number.isFinite(Number(input));
  if ((type === 'number' || type === 'integer') && isNumber) return Number(input);
  if (type === 'numbers' && isNumber) return [Number(input)];
  if (type === 'boolean' && (input === 'true' || input === 'false')) return input === 'true';
  return input;
}
