export type { BootstrapOptions } from './bootstrap.js';
export {
  bootstrapInterval,
  bootstrapIntervals,
  bootstrapMean,
  proportionInterval,
  wilsonInterval,
} from './bootstrap.js';
export type { ClassificationSummary } from './classification-metrics.js';
export { summarizeClassification } from './classification-metrics.js';
export type { McNemarResult, PairedComparison } from './compare.js';
export { comparePaired, holm, mcnemar } from './compare.js';
export { inputRecorder, type WantedArray } from './embeddings/inputs.js';
export { keepEmbeddings } from './embeddings/keep.js';
export { openEmbeddings } from './embeddings/open.js';
export type { LbfgsOptions, LbfgsResult } from './lbfgs.js';
export { minimize } from './lbfgs.js';
export { checkLeaks } from './leaks/check.js';
export type { PicturePair, SharedPictures } from './leaks/find.js';
export { sharedGroups, sharedPictures } from './leaks/find.js';
export type { PictureSignatures } from './leaks/signatures.js';
export { signPictures } from './leaks/signatures.js';
export type { LabelledFeatures, ProbeOptions, ProbeOutcome } from './linear-probe.js';
export { linearProbe } from './linear-probe.js';
export type { LogisticModel, LogisticOptions } from './logistic-regression.js';
export { fitLogisticRegression, logisticLogits } from './logistic-regression.js';
export * from './metrics/index.js';
export type { RetrievalRanks, RetrievalSummary } from './retrieval.js';
export { retrievalRanks, summarizeRetrieval } from './retrieval.js';
export { argMax, softmax } from './scores.js';
export type { Holdout } from './split.js';
export { holdout } from './split.js';
export type { ClassificationData, ClassificationSpec, LabelledImages } from './tasks/classification.js';
export { evaluateClassification } from './tasks/classification.js';
export type { RetrievalData, RetrievalOptions } from './tasks/retrieval.js';
export { evaluateRetrieval } from './tasks/retrieval.js';
export type { VqaData, VqaExample, VqaOptions } from './tasks/vqa.js';
export { evaluateVqa } from './tasks/vqa.js';
export type { AnswerVocabulary } from './vqa/answers.js';
export { answerVocabulary, normaliseAnswer } from './vqa/answers.js';
export type { VqaHead, VqaHeadOptions } from './vqa/head.js';
export { fitVqaHead, vqaFeatures } from './vqa/head.js';
export { cleanQuestion } from './vqa/questions.js';
export type { Prompts } from './zero-shot.js';
export { classTexts, zeroShotLogits, zeroShotWeights } from './zero-shot.js';
