export { Declip } from './plugin.js';
