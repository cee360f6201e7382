import { createRequire } from 'node:module';

/** The version of `@medbench/core` that runs. */
export const CORE_VERSION = (
  createRequire(import.meta.url)('@medbench/core/package.json') as { readonly version: string }
).version;
