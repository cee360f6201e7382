import type { MetricInfo } from '@medbench/core';

type Metrics = Readonly<Record<string, MetricInfo>>;

const ACCURACY = 'Share of examples for which the highest-scoring answer is the right one.';
const BALANCED = 'Mean over the classes of the share of their examples that is classified right.';
const AUC =
  'Area under the ROC curve: chance that a positive example scores above a negative one; mean over the classes (one-vs-rest).';

/** Metrics of every classification protocol. */
export const CLASSIFICATION_METRICS: Metrics = {
  accuracy: { description: ACCURACY },
  balanced_accuracy: { description: BALANCED },
  auc: { description: AUC },
  f1: { description: 'Harmonic mean of precision and recall; mean over the classes (macro).' },
  ece: { description: 'Expected calibration error: mean gap between confidence and accuracy.', lowerIsBetter: true },
  rare_recall: {
    description:
      'Mean over the rare classes of the share of their examples that is classified right. A class is rare if it has under 5 % of the training split (of the test split if there is no training split).',
  },
  'recall_{class}': { description: 'Share of the examples of class “{class}” that is classified right.' },
};

const MEAN_AP =
  'Area under the curve of precision over recall, summed at every score (average precision); mean over the labels.';

/** Metrics of images that may have several labels. */
export const MULTI_LABEL_METRICS: Metrics = {
  auc: { description: AUC },
  mean_ap: { description: MEAN_AP },
  label_ranking_ap: {
    description:
      'For each label of an image, share of its own labels among all that score at least as high; mean over its labels and over the images. 1 for an image without labels.',
  },
  'auc_{label}': { description: 'Area under the ROC curve of the label “{label}” against all other images.' },
  'ap_{label}': { description: 'Average precision of the label “{label}”.' },
};

const PROJECTED = 'Measured with a probe on features after the projection.';
const ONE_SHOT = 'Measured with 1 training example of each class.';
const FEW_SHOT = 'Measured with {k} training examples of each class.';

/** Metrics of classifiers that are fitted to a few examples of each class. */
export const FEW_SHOT_METRICS: Metrics = {
  accuracy_1shot: { description: `${ACCURACY} ${ONE_SHOT}` },
  'accuracy_{k}shot': { description: `${ACCURACY} ${FEW_SHOT}` },
  balanced_accuracy_1shot: { description: `${BALANCED} ${ONE_SHOT}` },
  'balanced_accuracy_{k}shot': { description: `${BALANCED} ${FEW_SHOT}` },
};

/** Metrics of the additional probes: on projected features and on few examples. */
export const PROBE_METRICS: Metrics = {
  accuracy_projected: { description: `${ACCURACY} ${PROJECTED}` },
  balanced_accuracy_projected: { description: `${BALANCED} ${PROJECTED}` },
  auc_projected: { description: `${AUC} ${PROJECTED}` },
  mean_ap_projected: { description: `${MEAN_AP} ${PROJECTED}` },
  ...FEW_SHOT_METRICS,
};

const TEMPLATES = 'Each prompt template alone names the classes.';
const spreadOver = (metric: string): Metrics => ({
  [`template_${metric}_mean`]: {
    description: `Mean of the ${metric.replace('_', ' ')} over the templates. ${TEMPLATES}`,
  },
  [`template_${metric}_min`]: { description: `The ${metric.replace('_', ' ')} of the worst template. ${TEMPLATES}` },
  [`template_${metric}_max`]: { description: `The ${metric.replace('_', ' ')} of the best template. ${TEMPLATES}` },
  [`template_${metric}_sd`]: {
    description: `Standard deviation (n - 1) of the ${metric.replace('_', ' ')} over the templates. ${TEMPLATES}`,
    lowerIsBetter: true,
  },
});

/** Metrics of prompt sensitivity. */
export const PROMPT_SENSITIVITY_METRICS: Metrics = {
  ...spreadOver('accuracy'),
  ...spreadOver('balanced_accuracy'),
  'template_{t}_accuracy': { description: `${ACCURACY} Only template {t} names the classes.` },
};

const IMAGES = 'image queries (which search for a text)';
const TEXTS = 'text queries (which search for an image)';
const recall = (queries: string): string =>
  `Share of ${queries} with a right answer among the {k} nearest of all candidates`;
const medianRank = (queries: string): MetricInfo => ({
  description: `Median rank of the first right candidate over ${queries}.`,
  lowerIsBetter: true,
});

/** Metrics of retrieval. */
export const RETRIEVAL_METRICS: Metrics = {
  'i2t_recall@{k}': { description: `${recall(IMAGES)}.` },
  't2i_recall@{k}': { description: `${recall(TEXTS)}.` },
  'mean_recall@{k}': { description: `${recall('image queries and of text queries')}: mean of both directions.` },
  i2t_median_rank: medianRank(IMAGES),
  t2i_median_rank: medianRank(TEXTS),
};

/** Metrics of visual question answering. */
export const VQA_METRICS: Metrics = {
  accuracy: { description: ACCURACY },
  accuracy_open: { description: 'Share of open questions answered right.' },
  accuracy_closed: { description: 'Share of closed questions answered right.' },
  ceiling: {
    description:
      'Share of test questions whose answer occurs in training: no classifier over those answers exceeds it.',
  },
};
