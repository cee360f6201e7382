export { MimicCxr } from './corpus.js';
