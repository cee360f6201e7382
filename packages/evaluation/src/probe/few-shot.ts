import { type MetricValue, random } from '@medbench/core';
import { confusionAccuracy, confusionBalancedAccuracy, confusionMatrix } from '../metrics/index.js';
import { bootstrapIntervals } from '../statistics/bootstrap.js';
import type { LabelledFeatures } from './features.js';

/** Number of draws of few-shot examples whose scores are averaged. */
export const DRAWS = 3;

/**
 * Draws the indices of `shots` examples of each class, or of all its examples if there are fewer. The draw is the same
 * for every model of a seed.
 * @param part name of the split that the examples are drawn from, such as `train`.
 */
export function drawShots(
  labels: Int32Array,
  shots: number,
  { seed, draw, part }: { readonly seed: number; readonly draw: number; readonly part: string },
): Int32Array {
  const remaining = new Map<number, number>();
  const chosen: number[] = [];
  for (const i of random(seed, 'few-shot', part, shots, draw).permutation(labels.length)) {
    const room = remaining.get(labels[i]!) ?? shots;
    if (room === 0) continue;
    remaining.set(labels[i]!, room - 1);
    chosen.push(i);
  }
  return Int32Array.from(chosen).sort();
}

/** Indices of all rows except the excluded ones. */
export const indicesExcept = (rows: LabelledFeatures, excluded: Int32Array): Int32Array => {
  const excludedSet = new Set(excluded);
  return Int32Array.from(rows.labels.keys()).filter((i) => !excludedSet.has(i));
};

/**
 * Accuracy and balanced accuracy, averaged over the draws: `accuracy_<shots>shot` and `balanced_accuracy_<shots>shot`.
 * Intervals resample the test examples, or their groups, and keep the draws.
 * @param predictions predicted classes of the test examples, for each draw.
 */
export function fewShotMetrics(
  predictions: readonly Int32Array[],
  { labels, groups }: Pick<LabelledFeatures, 'labels' | 'groups'>,
  { shots, classes, seed }: { readonly shots: number; readonly classes: number; readonly seed: number },
): Record<string, MetricValue> {
  const statistics = (counts: Int32Array): [number, number] => {
    const matrices = predictions.map((predicted) => confusionMatrix(labels, predicted, classes, counts));
    const mean = (metric: (matrix: Float64Array, classes: number) => number): number =>
      matrices.reduce((sum, matrix) => sum + metric(matrix, classes), 0) / matrices.length;
    return [mean(confusionAccuracy), mean(confusionBalancedAccuracy)];
  };
  const n = labels.length;
  const values = statistics(new Int32Array(n).fill(1));
  const intervals = bootstrapIntervals(n, statistics, { seed, groups });
  return Object.fromEntries(
    ['accuracy', 'balanced_accuracy'].map((name, i) => [
      `${name}_${shots}shot`,
      { value: values[i]!, ci95: intervals[i]! },
    ]),
  );
}

/** Notes for readers of few-shot figures. @param labels of the training examples. */
export function fewShotNotes(
  shots: readonly number[],
  draws: number,
  labels: Int32Array,
  classes: number,
): readonly string[] {
  if (shots.length === 0) return [];
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  const smallest = Math.min(...counts);
  const scarce = shots.filter((count) => count > smallest);
  return [
    `few-shot: mean of ${draws} draws`,
    ...(scarce.length > 0
      ? [`a class has fewer than ${scarce.join(', ')} training examples: all of its examples are used`]
      : []),
  ];
}
