import { createRequire } from 'node:module';

/** The version of the `@medbench/core` in use. */
export const CORE_VERSION = (
  createRequire(import.meta.url)('@medbench/core/package.json') as { readonly version: string }
).version;
