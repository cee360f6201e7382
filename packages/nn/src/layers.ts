import * as tf from '@tensorflow/tfjs-core';
import { offers, runFused } from './fused.js';
import { FUSED, type FusedKernels } from './kernels.js';

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

/**
 * Layer norm on the last axis, eps 1e-5 (arXiv:1607.06450). `gain` and `bias` `[W]`.
 *
 * The gradient is written out, for what automatic differentiation makes of a dozen small operations is twice as many
 * passes over the data: with c = x − mean(x), σ its spread and g = dy · gain, dx = (g − mean(g) − c · mean(g · c) / σ²) / σ.
 */
export function layerNorm<T extends tf.Tensor>(x: T, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-5): T {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, scale, shift, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const { value, mean, inverse } = normaliseRows(input, scale, shift, epsilon);
    save([input, mean, inverse, scale]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, mean, inverse, gain] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const given = { dy, x, mean, inverse, gain };
        if (!offers(FUSED.layerNormGrad)) return composedGradient(given);
        return [...runFused(FUSED.layerNormGrad, given, { epsilon })];
      },
    };
  });
  return op(x, gain, bias) as T;
}

/** Gradients of a layer norm by its input, gain and bias, for `mean` and `inverse` as `normaliseRows` gives them. */
function composedGradient({ dy, x, mean, inverse, gain }: FusedKernels<tf.Tensor>['FusedLayerNormGrad']['inputs']) {
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  const centred = tf.sub(x, mean);
  const aligned = tf.mul(dy, centred);
  // Sums of products with a vector are products with a vector: no pass over the data to multiply first.
  const share = tf.reshape(tf.div(gain, gain.size), [gain.size, 1]);
  const meanOf = (rows: tf.Tensor): tf.Tensor => linearMap(rows, share);
  const slope = tf.mul(tf.mul(meanOf(aligned), inverse), inverse);
  const across = tf.sub(tf.sub(tf.mul(dy, gain), meanOf(dy)), tf.mul(centred, slope));
  const rows = tf.reshape(aligned, [-1, gain.size]);
  const byGain = tf.matMul(tf.reshape(inverse, [1, -1]), rows);
  return [tf.mul(across, inverse), tf.reshape(byGain, [gain.size]), tf.sum(dy, leading)];
}

/** x M on the last axis. `x` `[..., in]`, `matrix` `[in, out]`. */
function linearMap(x: tf.Tensor, matrix: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(x, [-1, x.shape[x.rank - 1]!]);
  return tf.reshape(tf.matMul(flat as tf.Tensor2D, matrix as tf.Tensor2D), [...x.shape.slice(0, -1), matrix.shape[1]!]);
}

/** The result `[..., W]`, the mean of each row and 1 / sqrt(variance + epsilon), both `[..., 1]`. */
function normaliseRows(
  x: tf.Tensor,
  gain: tf.Tensor,
  bias: tf.Tensor,
  epsilon: number,
): { value: tf.Tensor; mean: tf.Tensor; inverse: tf.Tensor } {
  if (offers(FUSED.layerNorm)) {
    const [value, mean, inverse] = runFused(FUSED.layerNorm, { x, gain, bias }, { epsilon });
    return { value, mean, inverse };
  }
  const mean = tf.mean(x, -1, true);
  const centred = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return { value: tf.add(tf.mul(tf.mul(centred, inverse), gain), bias), mean, inverse };
}

/** Slope of QuickGELU's sigmoid. */
const SLOPE = 1.702;

/**
 * x σ(1.702 x), the activation of OpenAI's CLIP weights, as y / 1.702 with z = 1.702 x, s = σ(z), y = z s, and its gradient
 * s + y (1 − s): fewer passes over the widest tensors of a block than automatic differentiation makes, and a backend can
 * leave both constants to the matrix products before and after it.
 */
export function quickGelu<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const scaled = tf.mul(input, SLOPE);
    const sigmoid = tf.sigmoid(scaled);
    const gated = tf.mul(scaled, sigmoid);
    save([sigmoid, gated]);
    return {
      value: tf.mul(gated, 1 / SLOPE),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [s, y] = saved as [tf.Tensor, tf.Tensor];
        return [tf.mul(dy, tf.add(s, tf.mul(y, tf.sub(1, s))))];
      },
    };
  });
  return op(x) as T;
}

/** Exact GELU, x Φ(x) = x (1 + erf(x / √2)) / 2 (arXiv:1606.08415). */
export const gelu = <T extends tf.Tensor>(x: T): T =>
  tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)) as T;
