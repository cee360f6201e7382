import type { Interval, Metric } from '@medbench/core';
import type { BootstrapOptions } from './bootstrap.js';
import { bootstrapIntervals, proportionInterval } from './bootstrap.js';
import {
  accuracyOf,
  balancedAccuracyOf,
  confusionMatrix,
  macroF1Of,
  perClassRecallOf,
  preparedCalibrationError,
  preparedMacroAuc,
} from './metrics/index.js';
import { argMax, logOdds, softmax } from './scores.js';

export interface ClassificationSummary {
  /** `accuracy`, `balanced_accuracy`, `auc`, `f1`, `ece`, and `recall_<class>` for classes under 5 % of the examples. */
  readonly metrics: Record<string, Metric>;
  readonly predicted: Int32Array;
  /** 1 where the prediction is right. */
  readonly perExample: number[];
}

/**
 * All classification metrics with their intervals, from one set of bootstrap replicates. A metric that is undefined here
 * (the AUROC of a test set with one class) is left out.
 *
 * @param logits `[N, C]`; their softmax is the probability.
 * @param classNames C names, for the recall of rare classes.
 */
export function summarizeClassification(
  logits: Float64Array,
  labels: Int32Array,
  classNames: readonly string[],
  options: BootstrapOptions,
): ClassificationSummary {
  const classes = classNames.length;
  const n = labels.length;
  const predicted = argMax(logits, classes);
  const auc = preparedMacroAuc(logOdds(logits, classes), labels, classes);
  const calibration = preparedCalibrationError(softmax(logits, classes), labels, classes);
  const ofClass = new Int32Array(classes);
  for (const label of labels) ofClass[label]!++;
  const rare = [...ofClass.keys()].filter((c) => ofClass[c]! > 0 && ofClass[c]! < 0.05 * n);
  const names = ['accuracy', 'balanced_accuracy', 'auc', 'f1', 'ece', ...rare.map((c) => `recall_${classNames[c]}`)];

  const statistics = (counts: Int32Array): number[] => {
    const matrix = confusionMatrix(labels, predicted, classes, counts);
    const recalls = perClassRecallOf(matrix, classes);
    return [
      accuracyOf(matrix, classes),
      balancedAccuracyOf(matrix, classes),
      auc(counts),
      macroF1Of(matrix, classes),
      calibration(counts),
      ...rare.map((c) => recalls[c]!),
    ];
  };
  const values = statistics(new Int32Array(n).fill(1));
  const intervals = bootstrapIntervals(n, statistics, options);
  const perExample = Array.from(labels, (label, i) => (label === predicted[i] ? 1 : 0));
  const metrics: Record<string, Metric> = {};
  names.forEach((name, index) => {
    const value = values[index]!;
    if (Number.isNaN(value)) return;
    const c = rare[index - 5];
    const members = c === undefined ? undefined : Int32Array.from(labels.keys()).filter((i) => labels[i] === c);
    let ci95: Interval = intervals[index]!;
    if (name === 'accuracy') ci95 = proportionInterval(perExample, ci95, options.groups);
    if (members !== undefined) {
      const groups = options.groups && members.map((i) => options.groups![i]!);
      ci95 = proportionInterval(
        Array.from(members, (i) => perExample[i]!),
        ci95,
        groups,
      );
    }
    metrics[name] = { value, ci95 };
  });
  return { metrics, predicted, perExample };
}
