import type { z } from 'zod';
import type { configSchema } from './schema.js';

/** A type whose keys are all optional, at every depth. Lists are given whole or not at all. */
type PartialTree<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: PartialTree<T[K]> | undefined }
    : T;

/** The settings that a configuration file may give. Those that it leaves out come from the preset and the defaults. */
export type ConfigInput = PartialTree<z.input<typeof configSchema>>;

/**
 * Returns the settings as they are. In a `medbench.config.ts` or `.js` it makes the editor complete and check them.
 *
 * @example
 * ```ts
 * import { defineConfig } from 'medbench';
 *
 * export default defineConfig({ methods: ['clip', 'slip'], tasks: ['vqa-rad'], training: { steps: 1000 } });
 * ```
 */
export const defineConfig = (config: ConfigInput): ConfigInput => config;
