import type {
  Batch,
  DualEncoderModel,
  EncoderOutput,
  ForwardOptions,
  HostTensors,
  Method,
  ParameterSpec,
  Program,
  Settings,
  TensorMap,
  TensorSpec,
  TrainingSettings,
} from '@medbench/core';
import { adamW, clipByGlobalNorm, differentiate, packParameters, warmupCosine } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Name spaces of a step's state: what is frozen and running statistics by parameter, the rest by the optimizer's groups. */
const FROZEN = 'frozen/';
const BUFFER = 'buffer/';
const TRAINED = 'trained/';
const FIRST_MOMENT = 'moment1/';
const SECOND_MOMENT = 'moment2/';
const STEP = 'step';
/** Parts of the loss among the outputs. */
const TERM = 'term/';
/** Clamped after each step, so it has a group of its own. */
const LOG_SCALE = 'logit_scale';

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

/** The entries of a name space, without its prefix. */
function within<T>(prefix: string, all: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(all).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value]));
}

const inside = <T>(prefix: string, all: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [prefix + name, value]));

/**
 * The model as a training step runs it: batch norms of what is not frozen use the batch, and their new running statistics
 * are gathered. A second pass through a tower goes on from the statistics of the first, as it would in PyTorch.
 */
function observing(
  model: DualEncoderModel,
  frozen: ReadonlySet<string>,
): { readonly model: DualEncoderModel; readonly updates: Record<string, tf.Tensor> } {
  const updates: Record<string, tf.Tensor> = {};
  const run = (encode: (parameters: TensorMap, options: ForwardOptions) => EncoderOutput, parameters: TensorMap) => {
    const output = encode({ ...parameters, ...updates }, { training: true, frozen });
    Object.assign(updates, output.updates);
    return output;
  };
  return {
    updates,
    model: {
      ...model,
      encodeImage: (parameters, images, options) =>
        run((values, mode) => model.encodeImage(values, images, { ...mode, ...options }), parameters),
      encodeText: (parameters, ids, options) =>
        run((values, mode) => model.encodeText(values, ids, { ...mode, ...options }), parameters),
    },
  };
}

/**
 * The pure training step of a method: forward, backward, clipping, AdamW under the schedule, and the clamp of the logit
 * scale. Inputs: `images` `[B, H, W, 3]`, `ids` `[B, L]`. Outputs: `loss`, `gradientNorm`, `learningRate`,
 * `logitScale`, `term/<name>`.
 */
export function trainingStep(options: StepOptions): TrainingStep {
  const { name, model, method, settings, training } = options;
  const frozen = new Set(method.frozen?.(model, settings) ?? []);
  const bufferSpecs = options.parameters.filter((spec) => spec.buffer);
  const frozenSpecs = options.parameters.filter((spec) => !spec.buffer && frozen.has(spec.name));
  const trainedSpecs = options.parameters.filter((spec) => !spec.buffer && !frozen.has(spec.name));
  const packing = packParameters(trainedSpecs, [LOG_SCALE]);
  const float = (shape: readonly number[]): TensorSpec => ({ shape, dtype: 'float32' });
  const state: Record<string, TensorSpec> = { [STEP]: float([]) };
  for (const spec of frozenSpecs) state[FROZEN + spec.name] = float(spec.shape);
  for (const spec of bufferSpecs) state[BUFFER + spec.name] = float(spec.shape);
  for (const group of packing.groups) {
    for (const space of [TRAINED, FIRST_MOMENT, SECOND_MOMENT]) state[space + group.name] = float(group.shape);
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
    selfCheck: ['loss', 'gradientNorm', ...packing.groups.map((group) => FIRST_MOMENT + group.name)],
    run(current, inputs) {
      const fixed = within(FROZEN, current);
      const trained = within(TRAINED, current);
      const batch: Batch = { images: inputs.images as tf.Tensor4D, ids: inputs.ids as tf.Tensor2D };
      const buffers = within(BUFFER, current);
      const { value, gradients, terms } = differentiate(trained, (groups) => {
        const parameters = { ...fixed, ...buffers, ...packing.unpackTensors(groups) };
        const observed = observing(model, frozen);
        const output = method.objective({ model: observed.model, parameters, batch, settings });
        return { value: output.loss, terms: { ...inside(TERM, output.terms), ...inside(BUFFER, observed.updates) } };
      });
      const clipped = clipByGlobalNorm(gradients, training.clipNorm);
      const step = current[STEP] as tf.Scalar;
      const learningRate = schedule.tensor(step);
      const updated = adamW(
        {
          parameters: trained,
          gradients: clipped.gradients,
          firstMoments: within(FIRST_MOMENT, current),
          secondMoments: within(SECOND_MOMENT, current),
        },
        {
          learningRate,
          step,
          beta1: training.beta1,
          beta2: training.beta2,
          epsilon: training.epsilon,
          weightDecay: training.weightDecay,
          decay: (group) => packing.groups.some((one) => one.name === group && one.decay),
        },
      );
      const scale = updated.parameters[LOG_SCALE];
      const next: Record<string, tf.Tensor> = {
        [STEP]: tf.add(step, 1),
        ...inside(TRAINED, updated.parameters),
        ...inside(FIRST_MOMENT, updated.firstMoments),
        ...inside(SECOND_MOMENT, updated.secondMoments),
        ...inside(BUFFER, within(BUFFER, terms)),
        ...(scale ? { [TRAINED + LOG_SCALE]: tf.minimum(tf.maximum(scale, 0), MAX_LOG_SCALE) } : {}),
      };
      const before = trained[LOG_SCALE] ?? fixed[LOG_SCALE]!;
      const outputs: Record<string, tf.Tensor> = {
        loss: value,
        gradientNorm: clipped.norm,
        learningRate,
        logitScale: tf.exp(before),
      };
      return { state: next, outputs: { ...outputs, ...inside(TERM, within(TERM, terms)) } };
    },
  };
  return {
    program,
    trainable: trainedSpecs.map((spec) => spec.name),
    initialState(parameters) {
      const given = (specs: readonly ParameterSpec[]): HostTensors =>
        Object.fromEntries(specs.map((spec) => [spec.name, parameters[spec.name]!]));
      const trained = packing.pack(parameters);
      const nothing = (): HostTensors =>
        Object.fromEntries(
          Object.entries(trained).map(([group, { shape, data }]) => [
            group,
            { shape, dtype: 'float32', data: new Float32Array(data.length) },
          ]),
        );
      return {
        [STEP]: { shape: [], dtype: 'float32', data: new Float32Array(1) },
        ...inside(FROZEN, given(frozenSpecs)),
        ...inside(BUFFER, given(bufferSpecs)),
        ...inside(TRAINED, trained),
        ...inside(FIRST_MOMENT, nothing()),
        ...inside(SECOND_MOMENT, nothing()),
      };
    },
    parametersOf: (values) => ({
      ...within(FROZEN, values),
      ...within(BUFFER, values),
      ...packing.unpack(within(TRAINED, values)),
    }),
  };
}
