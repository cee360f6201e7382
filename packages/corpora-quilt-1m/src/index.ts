export { Quilt1M } from './corpus.js';
export { QUILT, quiltTable } from './files.js';
