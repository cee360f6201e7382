import type { SettingSpec, SettingType, SettingValue, TypedSetting } from '../contracts/settings.js';

/** The declaration of a setting with values of type `V`, for `defineSettings`. */
export interface SettingDeclaration<V extends SettingValue> {
  readonly spec: TypedSetting<V>;
}

/** The declaration of a number that can allow the value `'auto'`, with which the plugin chooses the number. */
export interface AllowsAuto<V extends SettingValue> {
  /** Allows the value `'auto'`. It is the default value if the declaration has none. */
  orAuto(): SettingDeclaration<V | 'auto'>;
}

interface DescribedOptions {
  readonly description: string;
}

interface BoundedOptions extends DescribedOptions {
  readonly min?: number;
  readonly max?: number;
}

const declareSetting = <V extends SettingValue>(
  type: SettingType,
  spec: Omit<SettingSpec, 'type'>,
): SettingDeclaration<V> => ({
  // Only the type checker knows the type of the values; the object holds plain data.
  spec: { ...spec, type } as unknown as TypedSetting<V>,
});

/** Declares a number. A declaration without a default must call `.orAuto()`. */
interface DeclareNumber {
  (options: BoundedOptions & { readonly default: number }): SettingDeclaration<number> & AllowsAuto<number>;
  (options: BoundedOptions): AllowsAuto<number>;
}

const declareNumber =
  (type: 'number' | 'integer'): DeclareNumber =>
  (options: BoundedOptions & { readonly default?: number }): SettingDeclaration<number> & AllowsAuto<number> => ({
    ...declareSetting(type, { ...options, default: options.default ?? 'auto' }),
    orAuto: () => declareSetting(type, { ...options, default: options.default ?? 'auto', auto: true }),
  });

/** Declares a setting whose values are numbers. Bounds are inclusive. */
export const number = declareNumber('number');
/** Declares a setting whose values are whole numbers. Bounds are inclusive. */
export const integer = declareNumber('integer');
/** Declares a setting whose values are true or false. */
export const boolean = (options: DescribedOptions & { readonly default: boolean }): SettingDeclaration<boolean> =>
  declareSetting('boolean', options);
/** Declares a setting whose values are texts. */
export const text = (options: DescribedOptions & { readonly default: string }): SettingDeclaration<string> =>
  declareSetting('text', options);
/**
 * Declares a setting whose values are lists of numbers. Bounds are inclusive and hold for every number. With `distinct`, a
 * number that occurs twice is an error.
 */
export const numbers = (
  options: BoundedOptions & { readonly default: readonly number[]; readonly distinct?: true },
): SettingDeclaration<readonly number[]> => declareSetting('numbers', options);
/**
 * Declares a setting whose values are one of a few words.
 * @param options `keepsKeys`: see `SettingSpec`.
 */
export const choice = <const C extends string>(
  choices: readonly C[],
  options: DescribedOptions & { readonly default: NoInfer<C>; readonly keepsKeys?: true },
): SettingDeclaration<C> => declareSetting('choice', { ...options, choices });

/**
 * Defines the settings of a plugin. TypeScript infers the type of each value (`SettingsOf<typeof settings>`).
 *
 * @example
 * ```ts
 * import { boolean, choice, defineSettings, integer, number, type SettingsOf } from '@medbench/core';
 *
 * const settings = defineSettings({
 *   lambda: number({ default: 1, min: 0, description: 'Weight of the unimodal loss.' }),
 *   hidden: integer({ min: 1, description: 'Width of the projection head.' }).orAuto(),
 *   target: choice(['view', 'pixels'], { default: 'view', description: 'Target of the prediction.' }),
 *   flip: boolean({ default: false, description: 'Whether views are mirrored.' }),
 * });
 *
 * // lambda: number, hidden: number | 'auto', target: 'view' | 'pixels', flip: boolean
 * export const describe = ({ lambda, hidden }: SettingsOf<typeof settings>): string =>
 *   `weight ${lambda}, width ${hidden === 'auto' ? 'of the tower' : hidden}`;
 * ```
 */
export function defineSettings<const D extends Readonly<Record<string, SettingDeclaration<SettingValue>>>>(
  declared: D,
): { readonly [K in keyof D]: D[K]['spec'] } {
  const specs = Object.entries(declared).map(([name, { spec }]) => [name, spec] as const);
  return Object.fromEntries(specs) as { readonly [K in keyof D]: D[K]['spec'] };
}
