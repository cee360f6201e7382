import * as tf from '@tensorflow/tfjs-core';

/** Options of `warmupCosine`. */
export interface ScheduleOptions {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Number of warm-up steps. */
  readonly warmup: number;
  /** Total number of steps. The learning rate reaches 0 there. */
  readonly total: number;
}

/** The learning rate as a function of the step. */
export interface LearningRateSchedule {
  /** Learning rate of a 0-based step. */
  at(step: number): number;
  /** Learning rate in the graph, from a scalar step. */
  tensor(step: tf.Scalar): tf.Scalar;
}

/** Linear warm-up, lr (k + 1) / w at step k, then half a cosine down to 0 (open_clip's `cosine_lr`). */
export function warmupCosine({ learningRate, warmup, total }: ScheduleOptions): LearningRateSchedule {
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
