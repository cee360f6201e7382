export { hashOf } from './hash.js';
export { linkCheckpoints } from './link.js';
export { RunStore, type StoredCell } from './store.js';
