export { DeepEyeNetRetrieval } from './plugin.js';
