export { WebDatasetCorpus } from './plugin.js';
