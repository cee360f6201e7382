import * as tf from '@tensorflow/tfjs-core';
import type { AdamWOptions, AdamWState } from './adamw.js';

/** Options of one Adamax step, as those of `AdamWOptions`. Defaults: PyTorch's. */
export interface AdamaxOptions extends Pick<AdamWOptions, 'learningRate' | 'step' | 'gradientScale'> {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * Computes one step of Adamax (arXiv:1412.6980, algorithm 2, with ε as in PyTorch):
 * u ← max(β₂ u, |g| + ε), p ← p - lr / (1 - β₁ᵗ) m / u. `secondMoments` hold u. The function is pure; the bias
 * correction is computed from the step tensor, so the same graph serves every step.
 */
export function adamax(state: AdamWState, options: AdamaxOptions): Omit<AdamWState, 'gradients'> {
  const { learningRate, step, gradientScale, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const rate = tf.div(learningRate, tf.sub(1, tf.pow(beta1, tf.add(step, 1))));
  const share = gradientScale ? tf.mul(gradientScale, 1 - beta1) : 1 - beta1;
  const parameters: Record<string, tf.Tensor> = {};
  const firstMoments: Record<string, tf.Tensor> = {};
  const secondMoments: Record<string, tf.Tensor> = {};
  for (const [name, parameter] of Object.entries(state.parameters)) {
    const gradient = state.gradients[name]!;
    const size = gradientScale ? tf.mul(tf.abs(gradient), gradientScale) : tf.abs(gradient);
    const first = tf.add(tf.mul(state.firstMoments[name]!, beta1), tf.mul(gradient, share));
    const largest = tf.maximum(tf.mul(state.secondMoments[name]!, beta2), tf.add(size, epsilon));
    parameters[name] = tf.sub(parameter, tf.mul(tf.div(first, largest), rate));
    firstMoments[name] = first;
    secondMoments[name] = largest;
  }
  return { parameters, firstMoments, secondMoments };
}
