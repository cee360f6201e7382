import * as tf from '@tensorflow/tfjs-core';

/**
 * x Wᵀ + b on the last axis.
 * @param x `[..., in]`. @param weight `[out, in]`. @param bias `[out]`.
 */
export function linear<T extends tf.Tensor>(x: T, weight: tf.Tensor, bias?: tf.Tensor): T {
  const flat = x.rank === 2 ? x : tf.reshape(x, [-1, x.shape[x.rank - 1]!]);
  const product = tf.matMul(flat as tf.Tensor2D, weight as tf.Tensor2D, false, true);
  const shifted = bias ? tf.add(product, bias) : product;
  return (x.rank === 2 ? shifted : tf.reshape(shifted, [...x.shape.slice(0, -1), weight.shape[0]!])) as T;
}

/** Layer norm on the last axis, eps 1e-5 (arXiv:1607.06450). `gain` and `bias` `[W]`. */
export function layerNorm<T extends tf.Tensor>(x: T, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-5): T {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), gain), bias) as T;
}

/** x σ(1.702 x), the activation of OpenAI's CLIP weights. */
export const quickGelu = <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702))) as T;

/** Exact GELU, x Φ(x) = x (1 + erf(x / √2)) / 2 (arXiv:1606.08415). */
export const gelu = <T extends tf.Tensor>(x: T): T =>
  tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)) as T;
