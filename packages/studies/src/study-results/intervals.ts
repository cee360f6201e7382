import type { ConfidenceInterval } from '@medbench/core';
import { wilsonInterval } from '@medbench/evaluation/statistics';

const Z = 1.959963984540054;

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly interval: ConfidenceInterval;
}

/**
 * 95 % interval of an AUROC of two classes, from its value and the class counts alone: the standard error of Hanley and
 * McNeil (1982, Radiology 143:29, equation 2), applied on the scale of the logit, so that it stays within 0 and 1.
 * @returns null for 0 and 1, where that error is 0, and without an example of either class.
 */
export function aucInterval(auc: number, positives: number, negatives: number): ConfidenceInterval | null {
  if (!(auc > 0 && auc < 1 && positives > 0 && negatives > 0)) return null;
  const twoPositives = auc / (2 - auc);
  const twoNegatives = (2 * auc * auc) / (1 + auc);
  const variance =
    (auc * (1 - auc) + (positives - 1) * (twoPositives - auc * auc) + (negatives - 1) * (twoNegatives - auc * auc)) /
    (positives * negatives);
  const logit = Math.log(auc / (1 - auc));
  const reach = (Z * Math.sqrt(variance)) / (auc * (1 - auc));
  const share = (x: number): number => 1 / (1 + Math.exp(-x));
  return [share(logit - reach), share(logit + reach)];
}

/** What is needed to compute the interval of a figure from n. */
export interface IntervalContext {
  /** Number of test examples. */
  readonly n: number;
  /** Number of classes, if the task has classes. */
  readonly classes?: number | undefined;
  /** Number of examples of class 1, of two classes. */
  readonly positives?: number | undefined;
}

/**
 * 95 % interval of a figure from n: Wilson's for accuracy and recall@k, Hanley and McNeil's for an AUROC of two classes
 * whose counts are known.
 * @param metric medbench's name of the metric.
 * @returns the interval, or the reason why there is none.
 */
export function figureInterval(
  metric: string,
  value: number,
  { n, classes, positives }: IntervalContext,
): ConfidenceInterval | string {
  if (metric === 'accuracy' || metric.includes('recall@')) return wilsonInterval(value * n, n);
  if (metric === 'balanced_accuracy') return 'an interval needs the count of each class and its recall';
  if (metric !== 'auc') return `n alone gives no interval of ${metric}`;
  if (classes !== 2) return 'n alone gives no interval of a mean AUROC over classes';
  if (positives === undefined) return 'an interval needs the counts of both classes';
  return aucInterval(value, positives, n - positives) ?? 'an AUROC of 0 or 1 has no standard error';
}

/**
 * 95 % interval of the difference of two independent estimates from their own intervals: Newcombe's method 10 for two
 * proportions with Wilson's intervals (1998, Statistics in Medicine 17:873), and for other estimates its
 * generalisation by Zou and Donner (2008, Statistics in Medicine 27:1693).
 *
 * Two models that are measured on the same test examples are not independent: they tend to be right on the same ones.
 * The interval is then too wide, so a difference that it finds is there, and one that it does not find may be there.
 */
export function differenceInterval(first: Estimate, second: Estimate): ConfidenceInterval {
  const difference = first.value - second.value;
  return [
    difference - Math.hypot(first.value - first.interval[0], second.interval[1] - second.value),
    difference + Math.hypot(first.interval[1] - first.value, second.value - second.interval[0]),
  ];
}
