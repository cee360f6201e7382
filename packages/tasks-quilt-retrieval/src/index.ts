export { QuiltRetrieval } from './plugin.js';
