import * as tf from '@tensorflow/tfjs-core';

/**
 * Captioning loss (CoCa, arXiv:2205.01917, equation 4): cross-entropy of each next token, mean over the tokens that
 * count in the whole batch. 0, not NaN, if none does.
 * @param logits `[B, T, V]`. @param labels `[B, T]` int32. @param mask `[B, T]` float32, 1 where a label counts.
 */
export function captioningLoss(logits: tf.Tensor3D, labels: tf.Tensor2D, mask: tf.Tensor2D): tf.Scalar {
  const chosen = tf.cast(tf.oneHot(labels, logits.shape[2]), 'float32');
  const perToken = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), chosen), -1));
  return tf.div(tf.sum(tf.mul(perToken, mask)), tf.maximum(tf.sum(mask), 1)) as tf.Scalar;
}
