import * as tf from '@tensorflow/tfjs-core';

export interface ScheduleOptions {
  /** Peak. */
  readonly learningRate: number;
  readonly warmup: number;
  /** Steps in all; the rate falls to 0 there. */
  readonly total: number;
}

export interface Schedule {
  /** Learning rate of a 0-based step. */
  at(step: number): number;
  /** The same in the graph, from a scalar step. */
  tensor(step: tf.Scalar): tf.Scalar;
}

/** Linear warm-up, lr (k + 1) / w, then half a cosine to 0 (open_clip's `cosine_lr`). */
export function warmupCosine({ learningRate, warmup, total }: ScheduleOptions): Schedule {
  const span = Math.max(1, total - warmup);
  return {
    at: (step) =>
      step < warmup
        ? (learningRate * (step + 1)) / warmup
        : 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / span)) * learningRate,
    tensor(step) {
      const cosine = tf.mul(tf.add(tf.cos(tf.mul(tf.sub(step, warmup), Math.PI / span)), 1), 0.5 * learningRate);
      if (warmup === 0) return cosine as tf.Scalar;
      const rising = tf.mul(tf.add(step, 1), learningRate / warmup);
      return tf.where(tf.less(step, warmup), rising, cosine) as tf.Scalar;
    },
  };
}
