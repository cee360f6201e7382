import type { CalibrationBins, ConfidenceInterval, MetricValue } from '@medbench/core';
import type { BootstrapOptions } from '../statistics/bootstrap.js';
import { bootstrapIntervals, proportionInterval } from '../statistics/bootstrap.js';
import {
  calibrationBins,
  confusionAccuracy,
  confusionBalancedAccuracy,
  confusionMacroF1,
  confusionMatrix,
  confusionRecalls,
  preparedCalibrationError,
  preparedMacroAuc,
} from './index.js';
import { argMax, logOdds, softmax } from './scores.js';

/** Metrics and predictions of a classifier on a test split. */
export interface ClassificationSummary {
  /**
   * `accuracy`, `balanced_accuracy`, `auc`, `f1`, `ece`, `rare_recall` if a rare class has test examples, and
   * `recall_<class>` for every class with test examples.
   */
  readonly metrics: Record<string, MetricValue>;
  readonly predicted: Int32Array;
  /** 1 for each example whose prediction is right, else 0. */
  readonly perExample: number[];
  /** Number of examples by true class (row) and predicted class (column). */
  readonly confusion: number[][];
  readonly calibration: CalibrationBins;
}

export interface ClassificationSummaryOptions extends BootstrapOptions {
  /** Classes whose mean recall is reported as `rare_recall`. Classes without test examples are left out. */
  readonly rare?: readonly number[];
}

/**
 * Computes all classification metrics with their intervals, from one set of bootstrap replicates. A metric that is
 * undefined on these examples is left out, for example the AUROC of a test set with one class.
 *
 * @param logits `[N, C]`; their softmax is the probability.
 * @param classNames names of the C classes, in label order.
 */
export function summarizeClassification(
  logits: Float64Array,
  labels: Int32Array,
  classNames: readonly string[],
  options: ClassificationSummaryOptions,
): ClassificationSummary {
  const classes = classNames.length;
  const n = labels.length;
  const predicted = argMax(logits, classes);
  const auc = preparedMacroAuc(logOdds(logits, classes), labels, classes);
  const probabilities = softmax(logits, classes);
  const calibration = preparedCalibrationError(probabilities, labels, classes);
  const members = Array.from({ length: classes }, (_, c) =>
    Int32Array.from(labels.keys()).filter((i) => labels[i] === c),
  );
  const tested = [...members.keys()].filter((c) => members[c]!.length > 0);
  const rare = (options.rare ?? []).filter((c) => tested.includes(c));

  const statistics = (counts: Int32Array): number[] => {
    const matrix = confusionMatrix(labels, predicted, classes, counts);
    const recalls = confusionRecalls(matrix, classes);
    // A replicate may have drawn no example of some rare class. The mean is then over the other rare classes.
    const drawn = rare.map((c) => recalls[c]!).filter((recall) => !Number.isNaN(recall));
    return [
      confusionAccuracy(matrix, classes),
      confusionBalancedAccuracy(matrix, classes),
      auc(counts),
      confusionMacroF1(matrix, classes),
      calibration(counts),
      drawn.reduce((sum, recall) => sum + recall, 0) / drawn.length,
      ...tested.map((c) => recalls[c]!),
    ];
  };
  const allExamples = Int32Array.from(labels.keys());
  // In the order of `statistics`. A proportion lists the examples that it is a proportion of.
  const described: readonly { readonly name: string; readonly examples?: Int32Array | undefined }[] = [
    { name: 'accuracy', examples: allExamples },
    ...['balanced_accuracy', 'auc', 'f1', 'ece'].map((name) => ({ name })),
    { name: 'rare_recall', examples: rare.length === 1 ? members[rare[0]!] : undefined },
    ...tested.map((c) => ({ name: `recall_${classNames[c]}`, examples: members[c] })),
  ];
  const values = statistics(new Int32Array(n).fill(1));
  const intervals = bootstrapIntervals(n, statistics, options);
  const perExample = Array.from(labels, (label, i) => (label === predicted[i] ? 1 : 0));
  const chooseInterval = (bootstrap: ConfidenceInterval, examples: Int32Array | undefined): ConfidenceInterval => {
    if (examples === undefined) return bootstrap;
    const hits = Array.from(examples, (i) => perExample[i]!);
    return proportionInterval(hits, bootstrap, options.groups && examples.map((i) => options.groups![i]!));
  };
  const metrics: Record<string, MetricValue> = {};
  described.forEach(({ name, examples }, index) => {
    const value = values[index]!;
    if (!Number.isNaN(value)) metrics[name] = { value, ci95: chooseInterval(intervals[index]!, examples) };
  });
  const matrix = confusionMatrix(labels, predicted, classes);
  const confusion = Array.from({ length: classes }, (_, c) => [...matrix.subarray(c * classes, (c + 1) * classes)]);
  return {
    metrics,
    predicted,
    perExample,
    confusion,
    calibration: calibrationBins(probabilities, labels, classes),
  };
}
