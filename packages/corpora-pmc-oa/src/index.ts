export { PmcOa } from './plugin.js';
