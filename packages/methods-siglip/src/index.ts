export { Siglip } from './plugin.js';
