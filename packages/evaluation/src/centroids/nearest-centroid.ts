import type { Matrix } from '@medbench/core';
import type { LabelledFeatures } from '../probe/features.js';

/**
 * Change of features before centroids and distances (Wang et al. 2019, section 3.2). `un`: nothing. `l2n`: unit
 * length. `cl2n`: the mean of the training features is subtracted, then unit length.
 */
export type FeatureTransform = 'un' | 'l2n' | 'cl2n';

/** Centroids of the classes in the space of transformed features. */
export interface Centroids {
  readonly transform: FeatureTransform;
  /** Subtracted from each row by `cl2n`. */
  readonly mean: Float64Array;
  /** `[classes, D]`. */
  readonly rows: Float64Array;
  /** Number of examples of each class. A class without examples is never predicted. */
  readonly counts: Int32Array;
}

/** Mean of the rows. */
export function meanRow({ rows, cols, data }: Matrix): Float64Array {
  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) mean[j]! += data[i * cols + j]!;
  for (let j = 0; j < cols; j++) mean[j]! /= rows;
  return mean;
}

/** Writes row `row` of the features to `out`, transformed. A row of zeros has no direction and stays zero. */
function transformRow(
  { data, cols }: Matrix,
  row: number,
  { transform, mean }: Pick<Centroids, 'transform' | 'mean'>,
  out: Float64Array,
): void {
  for (let j = 0; j < cols; j++) out[j] = data[row * cols + j]! - (transform === 'cl2n' ? mean[j]! : 0);
  if (transform === 'un') return;
  let square = 0;
  for (const value of out) square += value * value;
  if (square === 0) return;
  const length = Math.sqrt(square);
  for (let j = 0; j < cols; j++) out[j]! /= length;
}

/**
 * Centroid of each class: the mean of its transformed examples.
 * @param mean see `Centroids`.
 */
export function fitCentroids(
  { features, labels }: LabelledFeatures,
  classes: number,
  how: Pick<Centroids, 'transform' | 'mean'>,
): Centroids {
  const { cols } = features;
  const rows = new Float64Array(classes * cols);
  const counts = new Int32Array(classes);
  const row = new Float64Array(cols);
  labels.forEach((label, i) => {
    transformRow(features, i, how, row);
    counts[label]!++;
    for (let j = 0; j < cols; j++) rows[label * cols + j]! += row[j]!;
  });
  for (let i = 0; i < rows.length; i++) {
    const count = counts[Math.floor(i / cols)]!;
    if (count > 0) rows[i]! /= count;
  }
  return { ...how, rows, counts };
}

/** Score of a class without examples: lower than that of any other class, and finite. */
const NEVER = -1e300;

/** Logits of the nearest-centroid classifier, `[N, classes]`: minus the squared Euclidean distance to each centroid. */
export function centroidLogits(centroids: Centroids, features: Matrix): Float64Array {
  const { cols } = features;
  const classes = centroids.counts.length;
  const logits = new Float64Array(features.rows * classes).fill(NEVER);
  const row = new Float64Array(cols);
  for (let i = 0; i < features.rows; i++) {
    transformRow(features, i, centroids, row);
    for (let c = 0; c < classes; c++) {
      if (centroids.counts[c] === 0) continue;
      let square = 0;
      for (let j = 0; j < cols; j++) square += (row[j]! - centroids.rows[c * cols + j]!) ** 2;
      logits[i * classes + c] = -square;
    }
  }
  return logits;
}
