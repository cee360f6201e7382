import * as tf from '@tensorflow/tfjs-core';
import { normalise } from './normalise.js';
import { stopGradient } from './stop-gradient.js';

/** The negative cosine between predictions and targets, mean over the rows. The targets are constants. */
const negativeCosine = (predicted: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(normalise(predicted), stopGradient(normalise(target))), 1))) as tf.Scalar;

/** One view of a batch: its projection, and the prediction made from that, both `[B, d]`. */
export interface SimsiamView {
  readonly projected: tf.Tensor2D;
  readonly predicted: tf.Tensor2D;
}

/**
 * SimSiam (arXiv:2011.10566, equation 2): each view's prediction should point in the direction of the other view's
 * projection, which gets no gradient. Mean over both views, in [-1, 1].
 */
export function simsiam(first: SimsiamView, second: SimsiamView): tf.Scalar {
  const sum = tf.add(
    negativeCosine(first.predicted, second.projected),
    negativeCosine(second.predicted, first.projected),
  );
  return tf.mul(sum, 0.5) as tf.Scalar;
}
