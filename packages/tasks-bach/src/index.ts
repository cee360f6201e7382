export { Bach } from './plugin.js';
