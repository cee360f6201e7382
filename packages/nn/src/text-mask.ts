import * as tf from '@tensorflow/tfjs-core';

/**
 * 1 for each token of a text up to its end token, 0 for padding, by position: the end token has the largest id, and
 * padding may look like a word.
 * @param ids `[B, L]` int32. @param start whether the start token counts. @returns `[B, L]` float32.
 */
export function textMask(ids: tf.Tensor2D, { start }: { readonly start: boolean }): tf.Tensor2D {
  const [batch, length] = ids.shape;
  const end = tf.reshape(tf.cast(tf.argMax(ids, 1), 'float32'), [batch, 1]);
  const places = tf.reshape(tf.range(0, length, 1, 'float32'), [1, length]);
  const mask = tf.cast(tf.lessEqual(places, end), 'float32');
  return (start ? mask : tf.mul(mask, tf.cast(tf.greater(places, 0), 'float32'))) as tf.Tensor2D;
}
