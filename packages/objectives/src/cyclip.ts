import * as tf from '@tensorflow/tfjs-core';

/** CyCLIP's two consistency terms, unweighted (arXiv:2205.14459, equations 3 and 4; 0.25 each in the paper). */
export interface CyclipTerms {
  /** (1/B) Σ (u_i·w_j − u_j·w_i)². */
  readonly crossModal: tf.Scalar;
  /** (1/B) Σ (u_i·u_j − w_i·w_j)². */
  readonly inModal: tf.Scalar;
}

/** @param image `[B, d]`, unit rows. @param text `[B, d]`, unit rows. Cosines are not scaled. */
export function cyclipTerms(image: tf.Tensor2D, text: tf.Tensor2D): CyclipTerms {
  const size = image.shape[0];
  const cross = tf.matMul(image, text, false, true);
  const within = tf.sub(tf.matMul(image, image, false, true), tf.matMul(text, text, false, true));
  return {
    crossModal: tf.div(tf.sum(tf.square(tf.sub(cross, tf.transpose(cross)))), size) as tf.Scalar,
    inModal: tf.div(tf.sum(tf.square(within)), size) as tf.Scalar,
  };
}
