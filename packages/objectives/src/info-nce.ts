import * as tf from '@tensorflow/tfjs-core';
import { logSumExp } from './log-sum-exp.js';

/** Mean over rows of -log softmax at the diagonal. `logits` `[B, B]`. */
export function diagonalCrossEntropy(logits: tf.Tensor2D): tf.Scalar {
  const size = logits.shape[0];
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.eye(size)))), size) as tf.Scalar;
}

/** The parts of the symmetric InfoNCE loss. */
export interface InfoNceTerms {
  /** Mean of the two directions. */
  readonly loss: tf.Scalar;
  readonly imageToText: tf.Scalar;
  readonly textToImage: tf.Scalar;
}

/**
 * Symmetric InfoNCE with its two directions (CLIP, arXiv:2103.00020, figure 3).
 * @param image `[B, d]`, unit rows. @param text `[B, d]`, unit rows, row i is the caption of image i.
 * @param scale the logit scale exp(a), a scalar.
 */
export function infoNceTerms(image: tf.Tensor2D, text: tf.Tensor2D, scale: tf.Tensor): InfoNceTerms {
  const logits = tf.mul(tf.matMul(image, text, false, true), scale) as tf.Tensor2D;
  // Computed by itself: reading it off the diagonal would take a mask of the size of the logits.
  const matching = tf.mul(tf.sum(tf.mul(image, text), 1), scale);
  const imageToText = tf.mean(tf.sub(logSumExp(logits, 1), matching)) as tf.Scalar;
  const textToImage = tf.mean(tf.sub(logSumExp(logits, 0), matching)) as tf.Scalar;
  return { loss: tf.mul(tf.add(imageToText, textToImage), 0.5) as tf.Scalar, imageToText, textToImage };
}

/** The loss of `infoNceTerms` alone. */
export function infoNce(image: tf.Tensor2D, text: tf.Tensor2D, scale: tf.Tensor): tf.Scalar {
  return infoNceTerms(image, text, scale).loss;
}
