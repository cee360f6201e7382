export { PathVqa } from './plugin.js';
