import * as tf from '@tensorflow/tfjs-core';

/** Returns a tensor of any shape as a constant: no gradient passes. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const input = args[0] as tf.Tensor;
    const { shape } = input;
    return { value: tf.clone(input), gradFunc: () => tf.zeros(shape) };
  });
  return op(x) as T;
}
