import * as tf from '@tensorflow/tfjs-core';

/**
 * `[B, H, W, 3]` to `[B, P, p * p * 3]`, patches in row-major order, each flattened as (row, column, channel). Rank 4 at
 * the most, since backends are slow at transposing more.
 */
export function patchify(images: tf.Tensor4D, patch: number): tf.Tensor3D {
  const [batch, height, width] = images.shape;
  const rows = height / patch;
  const cols = width / patch;
  const strips = tf.reshape(images, [batch * rows, patch, cols, patch * 3]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, rows * cols, patch * patch * 3]);
}
