export { captioningLoss, clipObjective, nearestInQueue, simsiam } from '@medbench/objectives';
export { Declip } from './plugin.js';
