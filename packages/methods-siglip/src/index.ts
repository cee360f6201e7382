export { normalise, sigmoidLoss } from '@medbench/objectives';
export { Siglip } from './plugin.js';
