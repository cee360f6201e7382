import type { SettingSpec, SettingType, SettingValue, TypedSetting } from '../contracts/settings.js';

/** A setting being declared, whose values are of type `V`. */
export interface SettingDeclaration<V extends SettingValue> {
  readonly spec: TypedSetting<V>;
}

/** A number whose value may be left to the plugin. */
export interface AllowsAuto<V extends SettingValue> {
  /** Allows the value `'auto'`, which is the default unless one is given. */
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
  // The type of its values is known to the compiler alone: nothing but plain data is kept.
  spec: { ...spec, type } as unknown as TypedSetting<V>,
});

/** Without a default it must be followed by `.orAuto()`. */
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

/** A number. Bounds are inclusive. */
export const number = declareNumber('number');
/** A whole number. Bounds are inclusive. */
export const integer = declareNumber('integer');
/** True or false. */
export const boolean = (options: DescribedOptions & { readonly default: boolean }): SettingDeclaration<boolean> =>
  declareSetting('boolean', options);
/** Any text. */
export const text = (options: DescribedOptions & { readonly default: string }): SettingDeclaration<string> =>
  declareSetting('text', options);
/** A list of numbers. Bounds are inclusive, and hold for each of them. */
export const numbers = (
  options: BoundedOptions & { readonly default: readonly number[] },
): SettingDeclaration<readonly number[]> => declareSetting('numbers', options);
/** One of a few words. */
export const choice = <const C extends string>(
  choices: readonly C[],
  options: DescribedOptions & { readonly default: NoInfer<C> },
): SettingDeclaration<C> =>
  declareSetting('choice', { default: options.default, choices, description: options.description });

/**
 * The settings of a plugin, from which the compiler infers the type of each value:
 *
 * ```ts
 * const settings = defineSettings({ lambda: number({ default: 1, min: 0, description: 'Weight of the views.' }) });
 *
 * @Method({ id: 'slip', ..., settings })
 * class Slip implements Method<typeof settings> {
 *   objectives({ lambda }: SettingsOf<typeof settings>) { ... } // lambda: number
 * }
 * ```
 */
export function defineSettings<const D extends Readonly<Record<string, SettingDeclaration<SettingValue>>>>(
  declared: D,
): { readonly [K in keyof D]: D[K]['spec'] } {
  const specs = Object.entries(declared).map(([name, { spec }]) => [name, spec] as const);
  return Object.fromEntries(specs) as { readonly [K in keyof D]: D[K]['spec'] };
}
