export { bertModel } from './model.js';
export type { BertSizes } from './parameters.js';
export * from './plugin.js';
