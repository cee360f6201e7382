export { type SwinSizes, swinModel } from './model.js';
export * from './plugin.js';
