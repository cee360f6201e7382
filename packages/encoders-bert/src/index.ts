export { type BertSizes, bertModel } from './model.js';
export * from './plugin.js';
