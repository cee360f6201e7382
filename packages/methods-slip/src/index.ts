export { Slip } from './plugin.js';
