export { clipObjective, filipLoss, filipTerms, tokenwiseSimilarity } from '@medbench/objectives';
export { Filip } from './plugin.js';
