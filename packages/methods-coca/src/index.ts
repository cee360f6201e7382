export { captioningLoss, clipObjective, tokenCrossEntropy } from '@medbench/objectives';
export { Coca } from './plugin.js';
