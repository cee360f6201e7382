import * as tf from '@tensorflow/tfjs-core';

/**
 * log Σ exp along an axis of a matrix, after subtracting the maximum. The gradient, a softmax, is computed anew from
 * the matrix, so that no second copy of a large batch's similarities `[B, B]` is kept for it.
 * @param x `[M, N]`. @param axis 1: by rows; 0: by columns. @returns `[M]` or `[N]`.
 */
export function logSumExp(x: tf.Tensor2D, axis: 0 | 1): tf.Tensor1D {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const value = tf.logSumExp(input, axis, true);
    save([input, value]);
    return {
      value: tf.squeeze(value, [axis]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedInput, savedValue] = saved as [tf.Tensor2D, tf.Tensor];
        return tf.mul(tf.exp(tf.sub(savedInput, savedValue)), tf.expandDims(dy, axis));
      },
    };
  });
  return op(x) as tf.Tensor1D;
}
