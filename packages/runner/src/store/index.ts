export { hashJson } from './hash.js';
export { GENERAL, RunLayout } from './layout.js';
export { linkCheckpoints } from './link.js';
export { RunStore, type StoredCell, tryReadJson } from './store.js';
