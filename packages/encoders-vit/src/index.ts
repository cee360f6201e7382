export { type VitSizes, vitModel } from './model.js';
export * from './plugin.js';
export { type TimmVitSizes, timmVitModel } from './timm.js';
