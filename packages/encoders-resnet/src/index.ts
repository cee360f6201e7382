export { type ResNetSizes, resnetModel } from './model.js';
export * from './plugin.js';
