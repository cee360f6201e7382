export { checkPlugin } from './check-plugin.js';
export { testContext } from './context.js';
export { constantModel, randomModel } from './models.js';
export { integers, normal } from './values.js';
