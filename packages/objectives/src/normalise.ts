import * as tf from '@tensorflow/tfjs-core';

/**
 * Rows (last axis) scaled to unit length: x / max(|x|, epsilon).
 * @param x `[..., d]`.
 */
export function normalise<T extends tf.Tensor>(x: T, epsilon = 1e-12): T {
  const norm = tf.sqrt(tf.sum(tf.square(x), -1, true));
  return tf.div(x, tf.maximum(norm, epsilon)) as T;
}
