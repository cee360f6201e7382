export {
  autoEncoderParameters,
  CODE_SIDE,
  checkAutoEncoder,
  codeParameters,
  decodePixels,
  encodePixels,
  makeCode,
} from './auto-encoder.js';
export {
  answerLoss,
  type BanMasks,
  type BanSizes,
  banMaskShapes,
  banParameters,
  bilinearAttention,
  bilinearJoin,
  classifyAnswers,
  fuse,
} from './ban.js';
export { fillLengths } from './layers.js';
export { FINE_TUNED_VQA, measureFineTunedVqa } from './measure.js';
export { type AnswerModel, type AnswerModelOptions, answerModel, INPUT } from './model.js';
export * from './plugin.js';
export { fitPositions, resizeRows } from './positions.js';
export { FINE_TUNED_VQA_SETTINGS, type FineTunedVqaSettings, scheduledRate } from './settings.js';
export { type WordList, wordList } from './words.js';
