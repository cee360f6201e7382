export { Roco } from './corpus.js';
