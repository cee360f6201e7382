import * as tf from '@tensorflow/tfjs-core';

/**
 * The mask of a text: 1 for each token up to the end token, 0 for padding. Padding is found by its id if the tower names
 * one; otherwise by its position behind the end token, which has the largest id, because the padding id may equal that
 * of a word.
 * @param ids `[B, L]` int32. @param start whether the mask includes the start token. @param padId that of the tower.
 * @returns `[B, L]` float32.
 */
export function textMask(
  ids: tf.Tensor2D,
  { start, padId }: { readonly start: boolean; readonly padId?: number | undefined },
): tf.Tensor2D {
  const [batch, length] = ids.shape;
  const positions = tf.reshape(tf.range(0, length, 1, 'float32'), [1, length]);
  const end = (): tf.Tensor => tf.reshape(tf.cast(tf.argMax(ids, 1), 'float32'), [batch, 1]);
  const real = padId === undefined ? tf.lessEqual(positions, end()) : tf.notEqual(ids, padId);
  const mask = tf.cast(real, 'float32');
  return (start ? mask : tf.mul(mask, tf.cast(tf.greater(positions, 0), 'float32'))) as tf.Tensor2D;
}
