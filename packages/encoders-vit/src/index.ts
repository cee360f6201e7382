export { type VitSizes, vitModel } from './model.js';
export { Vit28, VitB16, VitB32, VitDemo, VitSmall } from './plugin.js';
