export { captioningLoss, tokenCrossEntropy } from './captioning.js';
export { clipObjective } from './clip.js';
export { type CyclipTerms, cyclipTerms } from './cyclip.js';
export { type FilipTerms, filipLoss, filipTerms, type TokenwiseSimilarity, tokenwiseSimilarity } from './filip.js';
export { diagonalCrossEntropy, type InfoNceTerms, infoNce, infoNceTerms } from './info-nce.js';
export { type GloriaOptions, type GloriaTerms, gloriaTerms, sparcFineLoss } from './local-alignment.js';
export { normalise } from './normalise.js';
export { ntXent } from './nt-xent.js';
export { sigmoidLoss } from './sigmoid.js';
