import * as tf from '@tensorflow/tfjs-core';

/** The value itself, as a constant: no gradient passes. Any shape. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const input = args[0] as tf.Tensor;
    const { shape } = input;
    return { value: tf.clone(input), gradFunc: () => tf.zeros(shape) };
  });
  return op(x) as T;
}
