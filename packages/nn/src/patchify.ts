import * as tf from '@tensorflow/tfjs-core';

/**
 * Cuts images `[B, H, W, 3]` into patches `[B, P, p * p * 3]`, in row-major order, each flattened as (row, column,
 * channel). No intermediate tensor has a rank above 4, because backends transpose higher ranks slowly.
 */
export function patchify(images: tf.Tensor4D, patch: number): tf.Tensor3D {
  const [batch, height, width] = images.shape;
  const rows = height / patch;
  const cols = width / patch;
  const strips = tf.reshape(images, [batch * rows, patch, cols, patch * 3]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, rows * cols, patch * patch * 3]);
}
