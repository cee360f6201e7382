import * as tf from '@tensorflow/tfjs-core';

/**
 * Pairwise sigmoid loss (SigLIP, arXiv:2303.15343, equation 1), divided by B.
 * @param image `[B, d]`, unit rows. @param text `[B, d]`, unit rows. @param scale exp(t'), scalar. @param bias b,
 * scalar.
 */
export function sigmoidLoss(image: tf.Tensor2D, text: tf.Tensor2D, scale: tf.Tensor, bias: tf.Tensor): tf.Scalar {
  const size = image.shape[0];
  const logits = tf.add(tf.mul(tf.matMul(image, text, false, true), scale), bias);
  const sign = tf.sub(tf.mul(tf.eye(size), 2), 1);
  return tf.div(tf.sum(tf.softplus(tf.neg(tf.mul(sign, logits)))), size) as tf.Scalar;
}
