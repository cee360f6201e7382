import type { MetricInfo } from '@medbench/core';

type Metrics = Readonly<Record<string, MetricInfo>>;

const ACCURACY = 'Share of examples for which the highest-scoring answer is the right one.';
const BALANCED = 'Mean over the classes of the share of their examples that is classified right.';
const AUC =
  'Area under the ROC curve: chance that a positive scores above a negative; mean over the classes (one-vs-rest).';

/** Metrics of a classification, whatever the classifier. */
export const CLASSIFICATION_METRICS: Metrics = {
  accuracy: { description: ACCURACY },
  balanced_accuracy: { description: BALANCED },
  auc: { description: AUC },
  f1: { description: 'Harmonic mean of precision and recall; macro: mean over the classes.' },
  ece: { description: 'Mean gap between confidence and accuracy.', lowerIsBetter: true },
  rare_recall: {
    description:
      'Mean over the rare classes of the share of their examples that is classified right; rare: under 5 % of the training split (of the test split where there is none).',
  },
  'recall_{class}': { description: 'Share of the examples of class “{class}” that is classified right.' },
};

const PROJECTED = 'Of a probe on features after the projection.';
const ONE_SHOT = 'Of a probe on 1 training example of each class.';
const FEW_SHOT = 'Of a probe on {k} training examples of each class.';

/** Metrics of the further probes beside the linear probe. */
export const PROBE_METRICS: Metrics = {
  accuracy_projected: { description: `${ACCURACY} ${PROJECTED}` },
  balanced_accuracy_projected: { description: `${BALANCED} ${PROJECTED}` },
  auc_projected: { description: `${AUC} ${PROJECTED}` },
  accuracy_1shot: { description: `${ACCURACY} ${ONE_SHOT}` },
  'accuracy_{k}shot': { description: `${ACCURACY} ${FEW_SHOT}` },
  balanced_accuracy_1shot: { description: `${BALANCED} ${ONE_SHOT}` },
  'balanced_accuracy_{k}shot': { description: `${BALANCED} ${FEW_SHOT}` },
};

const IMAGES = 'images (in search of a text)';
const TEXTS = 'texts (in search of an image)';
const recall = (queries: string): string =>
  `Share of ${queries} for which a right answer is among the {k} nearest of all candidates`;
const medianRank = (queries: string): MetricInfo => ({
  description: `Median rank of the first right candidate over ${queries}.`,
  lowerIsBetter: true,
});

export const RETRIEVAL_METRICS: Metrics = {
  'i2t_recall@{k}': { description: `${recall(IMAGES)}.` },
  't2i_recall@{k}': { description: `${recall(TEXTS)}.` },
  'mean_recall@{k}': { description: `${recall('images and of texts')}: mean of both ways.` },
  i2t_median_rank: medianRank(IMAGES),
  t2i_median_rank: medianRank(TEXTS),
};

export const VQA_METRICS: Metrics = {
  accuracy: { description: ACCURACY },
  accuracy_open: { description: 'Share of open questions answered right.' },
  accuracy_closed: { description: 'Share of closed questions answered right.' },
  ceiling: {
    description:
      'Share of test questions whose answer occurs in training: no classifier over those answers exceeds it.',
  },
};
