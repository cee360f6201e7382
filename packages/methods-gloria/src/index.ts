export { Gloria } from './plugin.js';
