import type { CalibrationBins } from '@medbench/core';
import { argMax } from './scores.js';

interface Binned {
  /** Bin of each example. */
  readonly bin: Int32Array;
  /** Probability of each example's predicted class (the first of equal maxima). */
  readonly confidence: Float64Array;
  /** 1 where the predicted class is the right one. */
  readonly right: Uint8Array;
}

/** Sorts examples by their top-label confidence into equal-width bins (low, high]. */
function binned(probabilities: Float64Array, labels: Int32Array, classes: number, bins: number): Binned {
  const predicted = argMax(probabilities, classes);
  const confidence = Float64Array.from(predicted, (best, i) => probabilities[i * classes + best]!);
  return {
    bin: Int32Array.from(confidence, (value) => Math.min(bins - 1, Math.max(0, Math.ceil(value * bins) - 1))),
    confidence,
    right: Uint8Array.from(predicted, (best, i) => (labels[i] === best ? 1 : 0)),
  };
}

/**
 * The bins of a reliability diagram, from which the expected calibration error is computed: see `CalibrationBins`.
 *
 * @param probabilities `[N, classes]`, rows sum to 1.
 */
export function calibrationBins(
  probabilities: Float64Array,
  labels: Int32Array,
  classes: number,
  bins = 15,
): CalibrationBins {
  const { bin, confidence, right } = binned(probabilities, labels, classes, bins);
  const count = new Array<number>(bins).fill(0);
  const hits = new Array<number>(bins).fill(0);
  const sums = new Array<number>(bins).fill(0);
  bin.forEach((b, i) => {
    count[b]!++;
    hits[b]! += right[i]!;
    sums[b]! += confidence[i]!;
  });
  // Rounded to six digits, because results hold many of these values.
  const mean = (sum: number, b: number): number => (count[b] === 0 ? 0 : Math.round((1e6 * sum) / count[b]!) / 1e6);
  return { count, right: hits, confidence: sums.map(mean) };
}

/**
 * Prepares the expected calibration error for many multiplicities of the same examples.
 *
 * Top-label confidence in `bins` equal-width bins (low, high]; the error is the mean distance between accuracy and
 * confidence of a bin, weighted by its share of the examples (Guo et al. 2017, eq. 3).
 *
 * @param probabilities `[N, classes]`, rows sum to 1. The first of equal maxima is the predicted class.
 */
export function preparedCalibrationError(
  probabilities: Float64Array,
  labels: Int32Array,
  classes: number,
  bins = 15,
): (counts?: Int32Array) => number {
  const n = labels.length;
  const { bin, confidence, right } = binned(probabilities, labels, classes, bins);
  // Accuracy minus confidence of each example. The gap of a bin is the sum of its examples' gaps.
  const gap = confidence.map((value, i) => right[i]! - value);
  const sums = new Float64Array(bins);
  return (counts) => {
    sums.fill(0);
    let total = 0;
    for (let i = 0; i < n; i++) {
      const count = counts === undefined ? 1 : counts[i]!;
      sums[bin[i]!]! += count * gap[i]!;
      total += count;
    }
    let error = 0;
    for (const sum of sums) error += Math.abs(sum);
    return error / total;
  };
}

/** Expected calibration error of probabilities `[N, classes]`; see `preparedCalibrationError`. */
export function expectedCalibrationError(
  probabilities: Float64Array,
  labels: Int32Array,
  classes: number,
  bins = 15,
): number {
  return preparedCalibrationError(probabilities, labels, classes, bins)();
}
