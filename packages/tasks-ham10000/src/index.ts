export { Ham10000 } from './plugin.js';
