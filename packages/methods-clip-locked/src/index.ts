export { clipObjective } from '@medbench/objectives';
export { ClipLocked } from './plugin.js';
