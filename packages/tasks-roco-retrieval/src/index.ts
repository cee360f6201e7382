export { RocoRetrieval } from './plugin.js';
