import type { TensorMap, TrainingSettings } from '@medbench/core';
import { adamW, clipByGlobalNorm, warmupCosine } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { addPrefix, isLogScale, LOG_SCALE, SPACE, STEP, type StateLayout, stripPrefix } from './layout.js';

/** ln 100: the logit scale never exceeds 100 (arXiv:2103.00020, section 2.5). */
const MAX_LOG_SCALE = Math.log(100);

/** A new state, and the outputs for the log. */
export interface Updated {
  readonly state: Record<string, tf.Tensor>;
  readonly outputs: Record<string, tf.Tensor>;
}

/**
 * Updates the state from the gradients, the same way for every method: clipping, AdamW under the schedule, the clamp of
 * the logit scales, the EMA teacher.
 * @param gradients keyed by the optimizer's groups.
 */
export function update(
  layout: StateLayout,
  training: TrainingSettings,
  current: TensorMap,
  gradients: TensorMap,
): Updated {
  const { packing, momentum } = layout;
  const trained = stripPrefix(SPACE.trained, current);
  const clipped = clipByGlobalNorm(gradients, training.clipNorm);
  const step = current[STEP] as tf.Scalar;
  const schedule = warmupCosine({
    learningRate: training.learningRate,
    warmup: training.warmup,
    total: training.steps,
  });
  const learningRate = schedule.tensor(step);
  const updated = adamW(
    {
      parameters: trained,
      gradients,
      firstMoments: stripPrefix(SPACE.firstMoment, current),
      secondMoments: stripPrefix(SPACE.secondMoment, current),
    },
    {
      learningRate,
      step,
      beta1: training.beta1,
      beta2: training.beta2,
      epsilon: training.epsilon,
      weightDecay: training.weightDecay,
      gradientScale: clipped.factor,
      decay: (groupName) => packing.groups.some((group) => group.name === groupName && group.decay),
    },
  );
  const clamped = Object.entries(updated.parameters).map(([name, value]) => [
    name,
    isLogScale(name) ? tf.minimum(tf.maximum(value, 0), MAX_LOG_SCALE) : value,
  ]);
  const parameters = Object.fromEntries(clamped) as Record<string, tf.Tensor>;
  const teacher = Object.entries(stripPrefix(SPACE.teacher, current)).map(([name, value]) => [
    name,
    tf.add(tf.mul(value, momentum!), tf.mul(parameters[name]!, 1 - momentum!)),
  ]);
  const logScale = trained[LOG_SCALE] ?? current[SPACE.frozen + LOG_SCALE]!;
  return {
    state: {
      [STEP]: tf.add(step, 1),
      ...addPrefix(SPACE.trained, parameters),
      ...addPrefix(SPACE.firstMoment, updated.firstMoments),
      ...addPrefix(SPACE.secondMoment, updated.secondMoments),
      ...addPrefix(SPACE.teacher, Object.fromEntries(teacher)),
    },
    outputs: { gradientNorm: clipped.norm, learningRate, logitScale: tf.exp(logScale) },
  };
}
