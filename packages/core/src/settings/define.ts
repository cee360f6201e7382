import type { SettingSpec, SettingType, SettingValue, TypedSetting } from '../contracts/settings.js';

/** A setting being declared, whose values are of type `V`. */
export interface Setting<V extends SettingValue> {
  readonly spec: TypedSetting<V>;
}

/** A number whose value may be left to the plugin. */
export interface MayBeAuto<V extends SettingValue> {
  /** Allows the value `'auto'`, which is the default unless one is given. */
  orAuto(): Setting<V | 'auto'>;
}

interface Described {
  readonly description: string;
}

interface Bounded extends Described {
  readonly min?: number;
  readonly max?: number;
}

const setting = <V extends SettingValue>(type: SettingType, spec: Omit<SettingSpec, 'type'>): Setting<V> => ({
  // The type of its values is known to the compiler alone: nothing but plain data is kept.
  spec: { ...spec, type } as unknown as TypedSetting<V>,
});

/** Without a default it must be followed by `.orAuto()`. */
interface DeclareNumber {
  (options: Bounded & { readonly default: number }): Setting<number> & MayBeAuto<number>;
  (options: Bounded): MayBeAuto<number>;
}

const numeric =
  (type: 'number' | 'integer'): DeclareNumber =>
  (options: Bounded & { readonly default?: number }): Setting<number> & MayBeAuto<number> => ({
    ...setting(type, { ...options, default: options.default ?? 'auto' }),
    orAuto: () => setting(type, { ...options, default: options.default ?? 'auto', auto: true }),
  });

/** A number. Bounds are inclusive. */
export const number = numeric('number');
/** A whole number. Bounds are inclusive. */
export const integer = numeric('integer');
/** True or false. */
export const boolean = (options: Described & { readonly default: boolean }): Setting<boolean> =>
  setting('boolean', options);
/** Any text. */
export const text = (options: Described & { readonly default: string }): Setting<string> => setting('text', options);
/** A list of numbers. Bounds are inclusive, and hold for each of them. */
export const numbers = (options: Bounded & { readonly default: readonly number[] }): Setting<readonly number[]> =>
  setting('numbers', options);
/** One of a few words. */
export const choice = <const C extends string>(
  choices: readonly C[],
  options: Described & { readonly default: NoInfer<C> },
): Setting<C> => setting('choice', { default: options.default, choices, description: options.description });

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
export function defineSettings<const D extends Readonly<Record<string, Setting<SettingValue>>>>(
  declared: D,
): { readonly [K in keyof D]: D[K]['spec'] } {
  const specs = Object.entries(declared).map(([name, { spec }]) => [name, spec] as const);
  return Object.fromEntries(specs) as { readonly [K in keyof D]: D[K]['spec'] };
}
