export { hashJson } from '@medbench/core';
export { GENERAL, RunLayout } from './layout.js';
export { linkCheckpoints } from './link.js';
export { hashParts, RunStore, type StoredCell, tryReadJson } from './store.js';
