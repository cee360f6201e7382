/** Index of the largest entry of each row of `[N, classes]`; the lowest index among equal entries. */
export function argMax(scores: Float64Array, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[i * classes + k]! > scores[i * classes + best]!) best = k;
    return best;
  });
}

/** Softmax of each row of logits `[N, classes]`. */
export function softmax(logits: Float64Array, classes: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) max = Math.max(max, logits[row + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const e = Math.exp(logits[row + k]! - max);
      result[row + k] = e;
      sum += e;
    }
    for (let k = 0; k < classes; k++) result[row + k]! /= sum;
  }
  return result;
}

/**
 * Log odds of each class against the rest, `[N, classes]`. They order examples as the softmax does, but without the
 * ties that rounding makes among probabilities near 1 (CLIP's logits are 100 times a cosine).
 */
export function logOdds(logits: Float64Array, classes: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    for (let k = 0; k < classes; k++) {
      let max = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < classes; j++) if (j !== k) max = Math.max(max, logits[row + j]!);
      let sum = 0;
      if (max > Number.NEGATIVE_INFINITY) {
        for (let j = 0; j < classes; j++) if (j !== k) sum += Math.exp(logits[row + j]! - max);
      }
      result[row + k] = sum === 0 ? Number.POSITIVE_INFINITY : logits[row + k]! - (max + Math.log(sum));
    }
  }
  return result;
}

/**
 * Turns logits `[rows, classes]` in place into the gradient of the cross-entropy averaged over a batch.
 * @param batchSize number of rows of the batch. The given rows may be only a part of it.
 * @param label returns the label of a given row.
 */
export function crossEntropyGradient(
  logits: Float64Array,
  classes: number,
  batchSize: number,
  label: (row: number) => number,
): void {
  logits.set(softmax(logits, classes));
  for (let i = 0; i < logits.length; i++) logits[i]! /= batchSize;
  for (let row = 0; row < logits.length / classes; row++) logits[row * classes + label(row)]! -= 1 / batchSize;
}
