export { MimicCxrRetrieval } from './plugin.js';
