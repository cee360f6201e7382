export { type ConfigInput, defineConfig } from './define.js';
export { type ConfigFile, findConfigFile } from './find.js';
export { configJsonSchema } from './json-schema.js';
export { parseSet, resolveConfig } from './load.js';
export { type ConfigTree, dropUndefined, mergeTrees, toTree } from './merge.js';
export * from './presets.js';
export { type Config, configSchema, DEFAULTS } from './schema.js';
