export { Quilt1M } from './corpus.js';
