import type { MetricValue } from '@medbench/core';
import { type BootstrapOptions, bootstrapIntervals } from '../statistics/bootstrap.js';
import { areaUnderCurve, type RankedClass, rankColumn } from './auc.js';
import type { ExampleCounts } from './confusion.js';

/**
 * Average precision of a ranked label: the sum over the distinct scores, from the highest on, of the precision at that
 * score times the rise of the recall (scikit-learn's `average_precision_score`). `NaN` without a positive example.
 */
function averagePrecision({ order, positive, rises }: RankedClass, counts: ExampleCounts): number {
  let positives = 0;
  let drawn = 0;
  let newPositives = 0;
  let sum = 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const count = counts === undefined ? 1 : counts[order[i]!]!;
    drawn += count;
    if (positive[i] === 1) newPositives += count;
    // The last example of a run of equal scores.
    if (rises[i] === 0 && i > 0) continue;
    positives += newPositives;
    if (newPositives > 0) sum += newPositives * (positives / drawn);
    newPositives = 0;
  }
  return sum / positives;
}

/** Scores and labels of images that may have several labels. */
export interface MultiLabelScores {
  /** `[N, L]`, higher means more likely. */
  readonly scores: Float64Array;
  /** 1 where an image has a label, `[N, L]`. */
  readonly targets: ArrayLike<number>;
  /** Number of labels, L. */
  readonly labels: number;
}

const rankLabels = ({ scores, targets, labels }: MultiLabelScores): RankedClass[] =>
  Array.from({ length: labels }, (_, k) => rankColumn(scores, labels, k, (i) => targets[i * labels + k] === 1));

/**
 * AUROC and average precision of each label, `NaN` where undefined. The labels are ranked once for all multiplicities
 * of the examples.
 */
export function preparedLabelMetrics(
  data: MultiLabelScores,
): (counts?: Int32Array) => { readonly auc: number[]; readonly ap: number[] } {
  const ranked = rankLabels(data);
  return (counts) => ({
    auc: ranked.map((column) => areaUnderCurve(column, counts)),
    ap: ranked.map((column) => averagePrecision(column, counts)),
  });
}

/** Mean of the defined values; `NaN` if there is none. */
function meanDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

/** AUROC averaged over the labels for which it is defined. */
export const multiLabelAuc = (data: MultiLabelScores): number => meanDefined(preparedLabelMetrics(data)().auc);

/**
 * Label-ranking average precision of each image: for each of its labels, the share of its own labels among all that
 * score at least as high, averaged (scikit-learn's `label_ranking_average_precision_score`). 1 for an image with no
 * label or all labels, whose labels cannot be ranked wrong.
 */
export function rankingPrecision({ scores, targets, labels }: MultiLabelScores): number[] {
  return Array.from({ length: scores.length / labels }, (_, i) => {
    const own = Array.from({ length: labels }, (_, k) => k).filter((k) => targets[i * labels + k] === 1);
    if (own.length === 0 || own.length === labels) return 1;
    const above = (k: number, among: number): boolean => scores[i * labels + among]! >= scores[i * labels + k]!;
    const precisions = own.map((k) => {
      let all = 0;
      for (let j = 0; j < labels; j++) if (above(k, j)) all++;
      return own.filter((j) => above(k, j)).length / all;
    });
    return precisions.reduce((sum, value) => sum + value, 0) / own.length;
  });
}

/**
 * Scores of the images whose mean is the mean AUROC over the labels, for paired tests. An image adds its deviation from
 * the AUROC of each label: the share of images of the other group that it is ranked right against, weighted by the size
 * of its group. Differences of the mean then have the variance of DeLong et al. 1988, doi:10.2307/2531595.
 */
export function placementScores(data: MultiLabelScores): number[] {
  const n = data.scores.length / data.labels;
  const columns = rankLabels(data).map((column) => ({ column, auc: areaUnderCurve(column, undefined) }));
  const defined = columns.filter(({ auc }) => !Number.isNaN(auc));
  const mean = defined.reduce((sum, { auc }) => sum + auc, 0) / defined.length;
  const result = new Array<number>(n).fill(mean);
  for (const {
    column: { order, positive, rises },
    auc,
  } of defined) {
    const positives = positive.reduce((sum, value) => sum + value, 0);
    const negatives = n - positives;
    let [positivesBelow, negativesBelow] = [0, 0];
    for (let from = 0; from < n; ) {
      let to = from + 1;
      while (to < n && rises[to] === 0) to++;
      let tied = 0;
      for (let i = from; i < to; i++) tied += positive[i]!;
      const tiedNegatives = to - from - tied;
      const ofPositive = (negativesBelow + tiedNegatives / 2) / negatives;
      const ofNegative = (positives - positivesBelow - tied / 2) / positives;
      for (let i = from; i < to; i++) {
        const deviation = positive[i] === 1 ? (ofPositive - auc) / positives : (ofNegative - auc) / negatives;
        result[order[i]!]! += (n * deviation) / defined.length;
      }
      positivesBelow += tied;
      negativesBelow += tiedNegatives;
      from = to;
    }
  }
  return result;
}

/**
 * Metrics of images with several labels, with their intervals from one set of bootstrap replicates: `auc` and `mean_ap`
 * (means over the labels for which they are defined), `label_ranking_ap`, and `auc_<label>` and `ap_<label>` of every
 * label that some but not all images have.
 *
 * @param names names of the L labels.
 * @param perExample `rankingPrecision` of the images.
 */
export function summarizeMultiLabel(
  data: MultiLabelScores,
  names: readonly string[],
  perExample: readonly number[],
  options: BootstrapOptions,
): Record<string, MetricValue> {
  const prepared = preparedLabelMetrics(data);
  const statistics = (counts: Int32Array): number[] => {
    const { auc, ap } = prepared(counts);
    let [sum, drawn] = [0, 0];
    for (const [i, score] of perExample.entries()) {
      sum += counts[i]! * score;
      drawn += counts[i]!;
    }
    return [meanDefined(auc), meanDefined(ap), sum / drawn, ...auc, ...ap];
  };
  const metricNames = [
    'auc',
    'mean_ap',
    'label_ranking_ap',
    ...['auc', 'ap'].flatMap((m) => names.map((l) => `${m}_${l}`)),
  ];
  const values = statistics(new Int32Array(perExample.length).fill(1));
  const defined = new Set(names.filter((_, k) => !Number.isNaN(values[3 + k]!)));
  const intervals = bootstrapIntervals(perExample.length, statistics, options);
  const metrics: Record<string, MetricValue> = {};
  for (const [i, name] of metricNames.entries()) {
    const label = i < 3 ? undefined : names[(i - 3) % names.length]!;
    if (Number.isNaN(values[i]!) || (label !== undefined && !defined.has(label))) continue;
    metrics[name] = { value: values[i]!, ci95: intervals[i]! };
  }
  return metrics;
}
