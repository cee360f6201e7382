import * as tf from '@tensorflow/tfjs-core';

/**
 * Puts the rows of each example into another order: row i of the result is row `permutation[i]` of `x`.
 *
 * The gradient is explicit: it is the inverse order. That of a gather in general adds up rows that were taken twice,
 * for which backends have slow kernels only.
 * @param x `[B, N, W]`. @param permutation each of 0 … N - 1 once.
 */
export function permuteRows(x: tf.Tensor3D, permutation: Int32Array): tf.Tensor3D {
  if (permutation.every((from, to) => from === to)) return x;
  const inverse = new Int32Array(permutation.length);
  permutation.forEach((from, to) => {
    inverse[from] = to;
  });
  const take = (rows: tf.Tensor, indices: Int32Array): tf.Tensor => tf.gather(rows, tf.tensor1d(indices, 'int32'), 1);
  const op = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc) => ({
    value: take(input as tf.Tensor, permutation),
    gradFunc: (dy: tf.Tensor) => take(dy, inverse),
  }));
  return op(x) as tf.Tensor3D;
}
