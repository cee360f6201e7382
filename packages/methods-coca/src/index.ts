export { Coca } from './plugin.js';
