import * as tf from '@tensorflow/tfjs-core';
import { offers, runFused } from './fused.js';
import { FUSED, type FusedKernels } from './kernels.js';

/**
 * Computes x Wᵀ + b on the last axis.
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
 * The gradient is explicit, because automatic differentiation of a dozen small operations would need twice as many
 * passes over the data. With c = x − mean(x), σ its standard deviation and g = dy · gain: dx = (g − mean(g) − c ·
 * mean(g · c) / σ²) / σ.
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
        const inputs = { dy, x, mean, inverse, gain };
        if (!offers(FUSED.layerNormGrad)) return composedLayerNormGradient(inputs);
        return [...runFused(FUSED.layerNormGrad, inputs, { epsilon })];
      },
    };
  });
  return op(x, gain, bias) as T;
}

/** Gradients of a layer norm by its input, gain and bias, given `mean` and `inverse` from `normaliseRows`. */
function composedLayerNormGradient({
  dy,
  x,
  mean,
  inverse,
  gain,
}: FusedKernels<tf.Tensor>['FusedLayerNormGrad']['inputs']) {
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  const centred = tf.sub(x, mean);
  const aligned = tf.mul(dy, centred);
  // mean(rows · gain) is a matrix product with gain / W, which saves a pass that multiplies the rows first.
  const share = tf.reshape(tf.div(gain, gain.size), [gain.size, 1]);
  const meanTimesGain = (rows: tf.Tensor): tf.Tensor => linearMap(rows, share);
  const slope = tf.mul(tf.mul(meanTimesGain(aligned), inverse), inverse);
  const across = tf.sub(tf.sub(tf.mul(dy, gain), meanTimesGain(dy)), tf.mul(centred, slope));
  const rows = tf.reshape(aligned, [-1, gain.size]);
  const byGain = tf.matMul(tf.reshape(inverse, [1, -1]), rows);
  return [tf.mul(across, inverse), tf.reshape(byGain, [gain.size]), tf.sum(dy, leading)];
}

/** Computes x M on the last axis. `x` `[..., in]`, `matrix` `[in, out]`. */
function linearMap(x: tf.Tensor, matrix: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(x, [-1, x.shape[x.rank - 1]!]);
  return tf.reshape(tf.matMul(flat as tf.Tensor2D, matrix as tf.Tensor2D), [...x.shape.slice(0, -1), matrix.shape[1]!]);
}

/** Layer norm: the result `[..., W]`, and the mean of each row and 1 / sqrt(variance + epsilon), both `[..., 1]`. */
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

/** Slope of the sigmoid in QuickGELU. */
const SIGMOID_SLOPE = 1.702;

/**
 * QuickGELU, x σ(1.702 x), the activation of OpenAI's CLIP weights. It is computed as y / 1.702 with z = 1.702 x, s =
 * σ(z) and y = z s; its gradient is s + y (1 − s). This form needs fewer passes over the widest tensors of a block than
 * automatic differentiation, and a backend can fuse both constants into the matrix products before and after it.
 */
export function quickGelu<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const scaled = tf.mul(input, SIGMOID_SLOPE);
    const sigmoid = tf.sigmoid(scaled);
    const gated = tf.mul(scaled, sigmoid);
    save([sigmoid, gated]);
    return {
      value: tf.mul(gated, 1 / SIGMOID_SLOPE),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [s, y] = saved as [tf.Tensor, tf.Tensor];
        return [tf.mul(dy, tf.add(s, tf.mul(y, tf.sub(1, s))))];
      },
    };
  });
  return op(x) as T;
}

/** ln(2 / √π), which makes exp(ln(2 / √π) - z²) the derivative of erf. */
const LOG_SLOPE = Math.log(2 / Math.sqrt(Math.PI));

/**
 * Exact GELU, x Φ(x) = x (1 + erf(x / √2)) / 2 (arXiv:1606.08415). It is computed as z (1 + erf(z)) / √2 with z = x / √2;
 * its gradient is (1 + erf(z) + z erf'(z)) / 2. As with `quickGelu`, this form needs few passes, and a backend can fuse the
 * constants into the matrix products before and after it.
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const scaled = tf.mul(input, Math.SQRT1_2);
    const gate = tf.add(tf.erf(scaled), 1);
    save([scaled, gate]);
    return {
      value: tf.mul(tf.mul(scaled, gate), Math.SQRT1_2),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [z, twicePhi] = saved as [tf.Tensor, tf.Tensor];
        const slope = tf.exp(tf.sub(LOG_SLOPE, tf.square(z)));
        return [tf.mul(tf.mul(dy, tf.add(twicePhi, tf.mul(z, slope))), 0.5)];
      },
    };
  });
  return op(x) as T;
}
