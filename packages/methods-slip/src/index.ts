export { clipObjective, ntXent } from '@medbench/objectives';
export { Slip } from './plugin.js';
