export { hashOf } from './hash.js';
export { linkCheckpoints } from './link.js';
export { lockFolder } from './lock.js';
export { fileName, RunStore, type StoredCell } from './store.js';
