export {
  type Centroids,
  centroidLogits,
  type FeatureTransform,
  fitCentroids,
  meanRow,
} from './centroids/nearest-centroid.js';
export { exportEmbeddings } from './embeddings/export.js';
export type { WantedArray } from './embeddings/files.js';
export { recordInputs } from './embeddings/inputs.js';
export { keepEmbeddings } from './embeddings/keep.js';
export { openEmbeddings } from './embeddings/open.js';
export { leakCheck } from './leaks/check.js';
export type { ImagePair, SharedImages } from './leaks/find.js';
export { sharedGroups, sharedImages } from './leaks/find.js';
export type { ImageSignatures } from './leaks/signatures.js';
export { imageDigest, signImages } from './leaks/signatures.js';
export type { ClassificationSummary } from './metrics/classification.js';
export { summarizeClassification } from './metrics/classification.js';
export * from './metrics/index.js';
export { preparedMeans } from './metrics/mean-scores.js';
export { argMax, softmax } from './metrics/scores.js';
export { type Neighbours, nearestNeighbours } from './neighbours/nearest.js';
export { type Vote, voteLogits } from './neighbours/vote.js';
export type { AdamWProbeOptions, LinearClassifier } from './probe/adamw-probe.js';
export { adamWProbe, fitAdamW, linearLogits } from './probe/adamw-probe.js';
export type { LabelledFeatures } from './probe/features.js';
export type { ProbeOptions, ProbeOutcome } from './probe/linear-probe.js';
export { linearProbe } from './probe/linear-probe.js';
export {
  type ClassificationData,
  classificationResult,
  type MeasuredSplits,
  measuredSplits,
} from './protocols/classification.js';
export { measureKnn } from './protocols/knn.js';
export { measureLinearProbe } from './protocols/linear-probe.js';
export { CLASSIFICATION_METRICS, MULTI_LABEL_METRICS, VQA_METRICS } from './protocols/metric-info.js';
export { type MultiLabelData, measureMultiLabelProbe, measureMultiLabelZeroShot } from './protocols/multi-label.js';
export { chooseFeatures, embedSplit } from './protocols/probe.js';
export { measurePromptSensitivity } from './protocols/prompt-sensitivity.js';
export { measureRetrieval, type RetrievalData } from './protocols/retrieval.js';
export { type JointMetrics, jointIntervals, type Scored, scoredResult } from './protocols/scored.js';
export type {
  KnnSettings,
  MeasureOptions,
  ProbeSettings,
  RetrievalSettings,
  SimpleShotSettings,
  VqaSettings,
} from './protocols/settings.js';
export { measureSimpleShot } from './protocols/simple-shot.js';
export {
  measureVqa,
  type PreparedVqa,
  prepareVqa,
  type VqaData,
  type VqaExample,
  vqaExamples,
  vqaResult,
} from './protocols/vqa.js';
export { measureZeroShot } from './protocols/zero-shot.js';
export { type RetrievalRanks, retrievalRanks } from './retrieval/ranks.js';
export { type RetrievalSummary, summarizeRetrieval } from './retrieval/summary.js';
export type { LbfgsOptions, LbfgsResult, Scaling } from './solvers/lbfgs.js';
export { minimize } from './solvers/lbfgs.js';
export type { LogisticModel, LogisticOptions } from './solvers/logistic-regression.js';
export { fitLogisticRegression, logisticLogits } from './solvers/logistic-regression.js';
export { BALANCE_SETTINGS, longTail, withBalance } from './splits/balance.js';
export type { Holdout } from './splits/holdout.js';
export { holdout } from './splits/holdout.js';
export type { LabelledImages, LabelledSplits } from './splits/labelled-images.js';
export type { MultiLabelImages, MultiLabelSplits } from './splits/multi-label-images.js';
export * from './statistics/index.js';
export type { AnswerVocabulary } from './vqa/answers.js';
export { answerVocabulary, normaliseAnswer } from './vqa/answers.js';
export type { VqaHead, VqaHeadOptions } from './vqa/head.js';
export { fitVqaHead, vqaFeatures } from './vqa/head.js';
export { cleanQuestion } from './vqa/questions.js';
export type { Prompts } from './zero-shot/zero-shot.js';
export { classTexts, zeroShotLogits, zeroShotWeights } from './zero-shot/zero-shot.js';
