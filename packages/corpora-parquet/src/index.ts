export { ParquetCorpus } from './plugin.js';
