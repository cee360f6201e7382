export { SicapV2 } from './plugin.js';
