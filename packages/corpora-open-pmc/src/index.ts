export { OpenPmc } from './plugin.js';
