import * as tf from '@tensorflow/tfjs-core';

/**
 * Cross-entropy of each token, `[B, T]`.
 * @param logits `[B, T, V]`. @param labels `[B, T]` int32.
 */
export function tokenCrossEntropy(logits: tf.Tensor3D, labels: tf.Tensor2D): tf.Tensor2D {
  const chosen = tf.cast(tf.oneHot(labels, logits.shape[2]), 'float32');
  return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), chosen), -1)) as tf.Tensor2D;
}

/**
 * Captioning loss (CoCa, arXiv:2205.01917, equation 4): the cross-entropy of each next token, mean over the tokens of
 * the whole batch that count. 0, not NaN, if no token counts.
 * @param logits `[B, T, V]`. @param labels `[B, T]` int32. @param mask `[B, T]` float32, 1 where a label counts.
 */
export function captioningLoss(logits: tf.Tensor3D, labels: tf.Tensor2D, mask: tf.Tensor2D): tf.Scalar {
  const perToken = tf.mul(tokenCrossEntropy(logits, labels), mask);
  return tf.div(tf.sum(perToken), tf.maximum(tf.sum(mask), 1)) as tf.Scalar;
}
