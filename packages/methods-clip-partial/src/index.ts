export { ClipPartial } from './plugin.js';
