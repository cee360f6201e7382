import * as tf from '@tensorflow/tfjs-core';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** Parameters, gradients and moments. All four maps have the same keys. */
export interface AdamWState {
  readonly parameters: Tensors;
  readonly gradients: Tensors;
  readonly firstMoments: Tensors;
  readonly secondMoments: Tensors;
}

/** Options of one AdamW step. */
export interface AdamWOptions {
  /** Scheduled learning rate, a scalar. */
  readonly learningRate: tf.Scalar;
  /** Number of steps before this one, a scalar. */
  readonly step: tf.Scalar;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Factor that multiplies the gradients, a scalar (`clipByGlobalNorm`). Default: none. */
  readonly gradientScale?: tf.Scalar | null;
  /** Whether a parameter decays. Default `decays`. */
  readonly decay?: (name: string, shape: readonly number[]) => boolean;
}

/** Matrices that do not decay: position tables, by open_clip's rule, and what timm's towers leave out by their own. */
const UNDECAYED = /(^|\.)(positional_embedding|pos_embed|cls_token|relative_position_bias_table)$/;

/** Whether a parameter decays: matrices do; vectors, scalars and position tables do not (open_clip's current rule). */
export const decays = (name: string, shape: readonly number[]): boolean => shape.length >= 2 && !UNDECAYED.test(name);

/**
 * open_clip's rule until 2025, which the study used: position tables decay too. Names with `bn`, `ln`, `bias` or
 * `logit_scale`, vectors and scalars do not.
 */
export const historicDecays = (name: string, shape: readonly number[]): boolean =>
  shape.length >= 2 && !/bn|ln|bias|logit_scale/.test(name);

/**
 * Computes one step of AdamW with decoupled weight decay (arXiv:1711.05101, algorithm 2):
 * p ← p (1 - lr wd) - lr m̂ / (√v̂ + ε). The function is pure. The bias corrections 1 - βᵗ are computed from the step
 * tensor, so the same graph serves every step.
 */
export function adamW(state: AdamWState, options: AdamWOptions): Omit<AdamWState, 'gradients'> {
  const { learningRate, step, beta1, beta2, epsilon, weightDecay, gradientScale, decay = decays } = options;
  const count = tf.add(step, 1);
  const correction1 = tf.sub(1, tf.pow(beta1, count));
  const correction2 = tf.sqrt(tf.sub(1, tf.pow(beta2, count)));
  // lr m̂ / (√v̂ + ε) = (lr √c2 / c1) m / (√v + ε √c2): in this form, the corrections apply to scalars only.
  const rate = tf.div(tf.mul(learningRate, correction2), correction1);
  const scaledEpsilon = tf.mul(correction2, epsilon);
  const decayFactor = tf.sub(1, tf.mul(learningRate, weightDecay));
  // Factors of the gradient and of its square. They are scalars, so scaling the gradients needs no extra pass over
  // them.
  const share1 = gradientScale ? tf.mul(gradientScale, 1 - beta1) : 1 - beta1;
  const share2 = gradientScale ? tf.mul(tf.square(gradientScale), 1 - beta2) : 1 - beta2;
  const parameters: Record<string, tf.Tensor> = {};
  const firstMoments: Record<string, tf.Tensor> = {};
  const secondMoments: Record<string, tf.Tensor> = {};
  for (const [name, parameter] of Object.entries(state.parameters)) {
    const gradient = state.gradients[name]!;
    const first = tf.add(tf.mul(state.firstMoments[name]!, beta1), tf.mul(gradient, share1));
    const second = tf.add(tf.mul(state.secondMoments[name]!, beta2), tf.mul(tf.square(gradient), share2));
    const update = tf.div(tf.mul(first, rate), tf.add(tf.sqrt(second), scaledEpsilon));
    const decayed = weightDecay > 0 && decay(name, parameter.shape) ? tf.mul(parameter, decayFactor) : parameter;
    parameters[name] = tf.sub(decayed, update);
    firstMoments[name] = first;
    secondMoments[name] = second;
  }
  return { parameters, firstMoments, secondMoments };
}
