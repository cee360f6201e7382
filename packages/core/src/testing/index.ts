export { checkPlugin } from './check-plugin.js';
export { constantModel, randomModel } from './models.js';
export { integers, normal } from './values.js';
