export { type ConvNextSizes, convNextModel } from './model.js';
export * from './plugin.js';
