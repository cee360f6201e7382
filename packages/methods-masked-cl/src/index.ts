export { clipObjective, ntXent } from '@medbench/objectives';
export { MaskedCl } from './plugin.js';
