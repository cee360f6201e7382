// The types of tfjs-core name the global type Long and do not say where it is from.
/// <reference types="long" preserve="true" />
export { captioningLoss, tokenCrossEntropy } from './captioning.js';
export { clipObjective } from './clip.js';
export { type CyclipTerms, cyclipTerms } from './cyclip.js';
export {
  type FilipTerms,
  filipByTextTerms,
  filipLoss,
  filipTerms,
  type TokenPairs,
  type TokenwiseSimilarity,
  tokenwiseByText,
  tokenwiseSimilarity,
} from './filip.js';
export { diagonalCrossEntropy, type InfoNceTerms, infoNce, infoNceTerms } from './info-nce.js';
export { type GloriaOptions, type GloriaTerms, gloriaTerms, sparcFineLoss } from './local-alignment.js';
export { nearestInQueue } from './neighbours.js';
export { normalise } from './normalise.js';
export { ntXent } from './nt-xent.js';
export { sigmoidLoss } from './sigmoid.js';
export { type SimsiamView, simsiam } from './simsiam.js';
export { stopGradient } from './stop-gradient.js';
export { type BatchDivision, type UnimodalImageTerms, unimodalImageTerms, viewsAsTrained } from './unimodal-image.js';
