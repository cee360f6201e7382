import * as tf from '@tensorflow/tfjs-core';

/** Subtracted from the logit of a row with itself, so that it does not count. */
const EXCLUDED = 1e9;

/**
 * NT-Xent over two views (SimCLR, arXiv:2002.05709, equation 1): each of the 2B rows must find its partner among the
 * 2B - 1 others. Mean over the 2B rows.
 * @param first `[B, d]`, unit rows. @param second `[B, d]`, unit rows. @param temperature τ.
 */
export function ntXent(first: tf.Tensor2D, second: tf.Tensor2D, temperature: number): tf.Scalar {
  const size = first.shape[0];
  const views = tf.concat([first, second], 0);
  const logits = tf.sub(tf.div(tf.matMul(views, views, false, true), temperature), tf.mul(tf.eye(2 * size), EXCLUDED));
  const identity = tf.eye(size);
  const zeros = tf.zeros([size, size]);
  const partner = tf.concat([tf.concat([zeros, identity], 1), tf.concat([identity, zeros], 1)], 0);
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), partner))), 2 * size) as tf.Scalar;
}
