export { Clip } from './plugin.js';
