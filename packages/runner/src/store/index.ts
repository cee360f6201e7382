export { hashJson } from './hash.js';
export { GENERAL, RunLayout } from './layout.js';
export { linkCheckpoints } from './link.js';
export { RunStore, readJson, type StoredCell } from './store.js';
