import * as tf from '@tensorflow/tfjs-core';

/**
 * Scales all gradients so that their joint norm does not exceed `maximum`; null only measures.
 * @returns the gradients and their norm before clipping, a scalar.
 */
export function clipByGlobalNorm(
  gradients: Readonly<Record<string, tf.Tensor>>,
  maximum: number | null,
): { gradients: Readonly<Record<string, tf.Tensor>>; norm: tf.Scalar } {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
  const norm = tf.sqrt(squares.length > 0 ? tf.addN(squares) : tf.scalar(0)) as tf.Scalar;
  if (maximum === null) return { gradients, norm };
  const factor = tf.minimum(tf.div(maximum, tf.maximum(norm, 1e-12)), 1);
  return {
    norm,
    gradients: Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)]),
    ),
  };
}
