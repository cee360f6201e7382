export { BALANCE_SETTINGS, longTail, withBalance } from './balance.js';
export type { ClassificationSummary } from './classification-metrics.js';
export { summarizeClassification } from './classification-metrics.js';
export { exportEmbeddings } from './embeddings/export.js';
export type { WantedArray } from './embeddings/files.js';
export { recordInputs } from './embeddings/inputs.js';
export { keepEmbeddings } from './embeddings/keep.js';
export { openEmbeddings } from './embeddings/open.js';
export type { LbfgsOptions, LbfgsResult } from './lbfgs.js';
export { minimize } from './lbfgs.js';
export { leakCheck } from './leaks/check.js';
export type { PicturePair, SharedPictures } from './leaks/find.js';
export { sharedGroups, sharedPictures } from './leaks/find.js';
export type { PictureSignatures } from './leaks/signatures.js';
export { signPictures } from './leaks/signatures.js';
export type { LogisticModel, LogisticOptions } from './logistic-regression.js';
export { fitLogisticRegression, logisticLogits } from './logistic-regression.js';
export * from './metrics/index.js';
export type { AdamWOptions, LinearClassifier } from './probe/adamw-probe.js';
export { adamWProbe, fitAdamW, linearLogits } from './probe/adamw-probe.js';
export type { LabelledFeatures } from './probe/features.js';
export type { ProbeOptions, ProbeOutcome } from './probe/linear-probe.js';
export { linearProbe } from './probe/linear-probe.js';
export { type RetrievalRanks, retrievalRanks } from './retrieval/ranks.js';
export { type RetrievalSummary, summarizeRetrieval } from './retrieval/summary.js';
export { argMax, softmax } from './scores.js';
export type { Holdout } from './split.js';
export { holdout } from './split.js';
export type { BootstrapOptions } from './statistics/bootstrap.js';
export {
  bootstrapInterval,
  bootstrapIntervals,
  bootstrapMean,
  proportionInterval,
  wilsonInterval,
} from './statistics/bootstrap.js';
export type { McNemarResult } from './statistics/compare.js';
export { mcnemar } from './statistics/compare.js';
export { compareRows, compareTwo } from './statistics/compare-rows.js';
export { compareRuns } from './statistics/compare-runs.js';
export { averageRanks, ranksOf } from './statistics/ranks.js';
export { type TwoWayTest, twoSampleTest, twoWayTest } from './statistics/two-way.js';
export type { ClassificationSpec } from './tasks/classification.js';
export { evaluateClassification } from './tasks/classification.js';
export type { ClassificationData, LabelledImages } from './tasks/labelled-images.js';
export type { RetrievalData, RetrievalOptions } from './tasks/retrieval.js';
export { evaluateRetrieval } from './tasks/retrieval.js';
export type { VqaData, VqaExample, VqaOptions } from './tasks/vqa.js';
export { evaluateVqa, vqaExamples } from './tasks/vqa.js';
export type { AnswerVocabulary } from './vqa/answers.js';
export { answerVocabulary, normaliseAnswer } from './vqa/answers.js';
export type { VqaHead, VqaHeadOptions } from './vqa/head.js';
export { fitVqaHead, vqaFeatures } from './vqa/head.js';
export { cleanQuestion } from './vqa/questions.js';
export type { Prompts } from './zero-shot.js';
export { classTexts, zeroShotLogits, zeroShotWeights } from './zero-shot.js';
