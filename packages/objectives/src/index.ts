export { normalise } from './normalise.js';
export { diagonalCrossEntropy, infoNce, type InfoNceTerms, infoNceTerms } from './info-nce.js';
