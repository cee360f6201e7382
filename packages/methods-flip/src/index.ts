export { clipObjective } from '@medbench/objectives';
export { Flip } from './plugin.js';
