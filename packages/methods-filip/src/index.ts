export { Filip } from './plugin.js';
