export { type VitSizes, vitModel } from './model.js';
export * from './plugin.js';
