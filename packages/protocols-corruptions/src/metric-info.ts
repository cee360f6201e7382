import type { MetricInfo } from '@medbench/core';

const SAME = 'The interval is paired: both figures are of the same examples.';

/** Metrics of classification under corruptions. */
export const CORRUPTION_METRICS: Readonly<Record<string, MetricInfo>> = {
  corrupted_accuracy: { description: 'Accuracy on corrupted images: mean over the corruptions and their severities.' },
  corrupted_balanced_accuracy: {
    description: 'Balanced accuracy on corrupted images: mean over the corruptions and their severities.',
  },
  clean_accuracy: { description: 'Accuracy on the same images, resized but not corrupted.' },
  clean_balanced_accuracy: { description: 'Balanced accuracy on the same images, resized but not corrupted.' },
  accuracy_drop: { description: `Accuracy lost by corruption. ${SAME}`, lowerIsBetter: true },
  balanced_accuracy_drop: { description: `Balanced accuracy lost by corruption. ${SAME}`, lowerIsBetter: true },
  retained_accuracy: { description: `Accuracy on corrupted images over that on clean ones. ${SAME}` },
  retained_balanced_accuracy: {
    description: `Balanced accuracy on corrupted images over that on clean ones. ${SAME}`,
  },
  'corrupted_accuracy_severity_{s}': { description: 'Accuracy at severity {s}: mean over the corruptions.' },
  'corrupted_accuracy_{corruption}': { description: 'Accuracy under {corruption}: mean over the severities.' },
};
