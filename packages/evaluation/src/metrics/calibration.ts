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
  const bin = new Int32Array(n);
  // Accuracy minus confidence: a bin's gap is the sum of its members' gaps.
  const gap = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (probabilities[i * classes + k]! > probabilities[i * classes + best]!) best = k;
    const confidence = probabilities[i * classes + best]!;
    bin[i] = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gap[i] = (labels[i] === best ? 1 : 0) - confidence;
  }
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
