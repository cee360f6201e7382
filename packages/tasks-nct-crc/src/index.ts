export { NctCrc } from './plugin.js';
