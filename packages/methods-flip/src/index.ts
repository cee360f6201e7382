export { Flip } from './plugin.js';
