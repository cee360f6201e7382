import * as tf from '@tensorflow/tfjs-core';

/**
 * Computes the factor that limits the joint norm of all gradients to `maximum`. If `maximum` is null, it only measures.
 * @returns the factor, a scalar, or null without a maximum; and the norm before clipping, a scalar. The optimizer
 *   applies the factor, together with its own constants.
 */
export function clipByGlobalNorm(
  gradients: Readonly<Record<string, tf.Tensor>>,
  maximum: number | null,
): { factor: tf.Scalar | null; norm: tf.Scalar } {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
  const norm = tf.sqrt(squares.length > 0 ? tf.addN(squares) : tf.scalar(0)) as tf.Scalar;
  if (maximum === null) return { factor: null, norm };
  return { factor: tf.minimum(tf.div(maximum, tf.maximum(norm, 1e-12)), 1) as tf.Scalar, norm };
}
