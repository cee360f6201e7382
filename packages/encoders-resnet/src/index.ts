export { type ResNetSizes, resnetModel } from './model.js';
export { ResNet50, ResNetDemo } from './plugin.js';
