import type {
  Batch,
  DualEncoderModel,
  HostTensors,
  Method,
  ParameterSpec,
  Program,
  Settings,
  TensorMap,
  TensorSpec,
  TrainingSettings,
} from '@medbench/core';
import { adamW, clipByGlobalNorm, differentiate, warmupCosine } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Name spaces of a step's state. */
const PARAMETER = 'parameter/';
const FIRST_MOMENT = 'moment1/';
const SECOND_MOMENT = 'moment2/';
const STEP = 'step';

/** ln 100: the logit scale never exceeds 100 (arXiv:2103.00020, section 2.5). */
const MAX_LOG_SCALE = Math.log(100);

export interface TrainingStep {
  readonly program: Program;
  readonly trainable: readonly string[];
  /** State before the first step, from parameter values. */
  initialState(parameters: HostTensors): HostTensors;
  /** The parameters within a state. */
  parametersOf(state: HostTensors): HostTensors;
}

export interface StepOptions {
  readonly name: string;
  readonly model: DualEncoderModel;
  readonly method: Method;
  readonly settings: Settings;
  /** Towers, logit scale and the method's own parameters. */
  readonly parameters: readonly ParameterSpec[];
  readonly training: TrainingSettings;
}

const prefixed = (prefix: string, names: readonly string[], from: TensorMap): Record<string, tf.Tensor> =>
  Object.fromEntries(names.map((name) => [name, from[prefix + name]!]));

/**
 * The pure training step of a method: forward, backward, clipping, AdamW under the schedule, and the clamp of the logit
 * scale. Inputs: `images` `[B, H, W, 3]`, `ids` `[B, L]`. Outputs: `loss`, `gradientNorm`, `learningRate`,
 * `logitScale`, `term/<name>`.
 */
export function trainingStep(options: StepOptions): TrainingStep {
  const { name, model, method, settings, training } = options;
  const frozen = new Set(method.frozen?.(model, settings) ?? []);
  const specs = new Map(options.parameters.map((spec) => [spec.name, spec]));
  const trainable = [...specs.keys()].filter((parameter) => !frozen.has(parameter));
  const float = (shape: readonly number[]): TensorSpec => ({ shape, dtype: 'float32' });
  const state: Record<string, TensorSpec> = { [STEP]: float([]) };
  for (const [parameter, { shape }] of specs) state[PARAMETER + parameter] = float(shape);
  for (const parameter of trainable) {
    state[FIRST_MOMENT + parameter] = float(specs.get(parameter)!.shape);
    state[SECOND_MOMENT + parameter] = float(specs.get(parameter)!.shape);
  }
  const schedule = warmupCosine({
    learningRate: training.learningRate,
    warmup: training.warmup,
    total: training.steps,
  });
  const { imageSize } = model.image;
  const program: Program = {
    name,
    state,
    inputs: {
      images: float([training.batchSize, imageSize, imageSize, 3]),
      ids: { shape: [training.batchSize, model.text.contextLength], dtype: 'int32' },
    },
    // Moments are the gradients times a constant after one step: comparing them compares the whole backward pass.
    selfCheck: ['loss', 'gradientNorm', ...spread(trainable, 4).map((parameter) => FIRST_MOMENT + parameter)],
    run(current, inputs) {
      const parameters = prefixed(PARAMETER, [...specs.keys()], current);
      const batch: Batch = { images: inputs.images as tf.Tensor4D, ids: inputs.ids as tf.Tensor2D };
      const { value, gradients, terms } = differentiate(prefixed(PARAMETER, trainable, current), (moved) => {
        const output = method.objective({ model, parameters: { ...parameters, ...moved }, batch, settings });
        return { value: output.loss, terms: output.terms };
      });
      const clipped = clipByGlobalNorm(gradients, training.clipNorm);
      const step = current[STEP] as tf.Scalar;
      const learningRate = schedule.tensor(step);
      const updated = adamW(
        {
          parameters: prefixed(PARAMETER, trainable, current),
          gradients: clipped.gradients,
          firstMoments: prefixed(FIRST_MOMENT, trainable, current),
          secondMoments: prefixed(SECOND_MOMENT, trainable, current),
        },
        {
          learningRate,
          step,
          beta1: training.beta1,
          beta2: training.beta2,
          epsilon: training.epsilon,
          weightDecay: training.weightDecay,
        },
      );
      const next: Record<string, tf.Tensor> = { [STEP]: tf.add(step, 1) };
      for (const parameter of trainable) {
        const value = updated.parameters[parameter]!;
        next[PARAMETER + parameter] =
          parameter === 'logit_scale' ? tf.minimum(tf.maximum(value, 0), MAX_LOG_SCALE) : value;
        next[FIRST_MOMENT + parameter] = updated.firstMoments[parameter]!;
        next[SECOND_MOMENT + parameter] = updated.secondMoments[parameter]!;
      }
      const outputs: Record<string, tf.Tensor> = {
        loss: value,
        gradientNorm: clipped.norm,
        learningRate,
        logitScale: tf.exp(parameters.logit_scale!),
      };
      for (const [term, part] of Object.entries(terms)) outputs[`term/${term}`] = part;
      return { state: next, outputs };
    },
  };
  return {
    program,
    trainable,
    initialState(parameters) {
      const initial: HostTensors = { [STEP]: { shape: [], dtype: 'float32', data: new Float32Array(1) } };
      for (const [key, { shape }] of Object.entries(state)) {
        if (key === STEP) continue;
        const given = key.startsWith(PARAMETER) ? parameters[key.slice(PARAMETER.length)] : undefined;
        const size = shape.reduce((product, side) => product * side, 1);
        initial[key] = given ?? { shape, dtype: 'float32', data: new Float32Array(size) };
      }
      return initial;
    },
    parametersOf(values) {
      return Object.fromEntries([...specs.keys()].map((parameter) => [parameter, values[PARAMETER + parameter]!]));
    },
  };
}

/** `count` entries spread evenly over a list. */
const spread = <T>(items: readonly T[], count: number): T[] =>
  [...new Set(Array.from({ length: count }, (_, i) => Math.floor((i * items.length) / count)))].map((i) => items[i]!);
