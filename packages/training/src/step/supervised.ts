import type { HostTensors, ParameterSpec, Program, TensorMap, TensorSpec } from '@medbench/core';
import { type AdamWState, clipByGlobalNorm, differentiate } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { addPrefix, floatSpec, SPACE, STEP, stateLayout, stripPrefix } from './layout.js';
import { TERM } from './step.js';

/** Input of a supervised step with the learning rate of that step. */
export const LEARNING_RATE = 'learning-rate';

/** A scalar to minimise, with what else a step computes. */
export interface SupervisedLoss {
  readonly loss: tf.Scalar;
  /** Scalars for the log. */
  readonly terms?: TensorMap;
  /** New values of buffers. */
  readonly updates?: TensorMap;
}

/** An optimizer, such as `adamax` of `@medbench/nn`. */
export type Optimizer = (
  state: AdamWState,
  options: { readonly learningRate: tf.Scalar; readonly step: tf.Scalar; readonly gradientScale: tf.Scalar | null },
) => Omit<AdamWState, 'gradients'>;

/** Definition of a supervised step. */
export interface SupervisedOptions {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
  /** Names of the parameters that are not trained. */
  readonly frozen?: ReadonlySet<string>;
  /** Inputs of a step, beside the learning rate. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly optimizer: Optimizer;
  /** Maximum global gradient norm; null for no clipping. */
  readonly clipNorm: number | null;
  /** Computes the loss of a batch. It must be pure, as `Program.run`. */
  loss(parameters: TensorMap, inputs: TensorMap): SupervisedLoss;
}

/** A step that trains parameters on a loss of its own, without a method. */
export interface SupervisedStep {
  /** Outputs `loss`, `gradientNorm` and `term/<name>`. Its inputs include `LEARNING_RATE`, a scalar. */
  readonly program: Program;
  /** Builds the state before the first step from parameter values. */
  initialState(parameters: HostTensors): HostTensors;
  /** Extracts the parameters from a state. */
  parametersOf(state: HostTensors): HostTensors;
  /** A program that reads the parameters of the state and changes nothing, to be loaded with `LoadOptions.share`. */
  reader(
    name: string,
    inputs: Readonly<Record<string, TensorSpec>>,
    run: (parameters: TensorMap, inputs: TensorMap) => TensorMap,
  ): Program;
}

/** Builds a supervised step: forward pass, backward pass, clipping, the optimizer. */
export function supervisedStep(options: SupervisedOptions): SupervisedStep {
  const { name, parameters, frozen = new Set<string>(), inputs, optimizer, clipNorm, loss } = options;
  const layout = stateLayout({ parameters, frozen, momentum: null });
  const program: Program = {
    name,
    state: layout.state,
    inputs: { ...inputs, [LEARNING_RATE]: floatSpec([]) },
    // After one step, the first moments are the gradients times a constant: they check the whole backward pass.
    selfCheck: ['loss', 'gradientNorm', ...layout.packing.groups.map((group) => SPACE.firstMoment + group.name)],
    run(current, given) {
      const trained = stripPrefix(SPACE.trained, current);
      const { value, gradients, terms } = differentiate(trained, (groups) => {
        const output = loss(layout.values(current, groups), given);
        return {
          value: output.loss,
          terms: { ...addPrefix(TERM, output.terms ?? {}), ...addPrefix(SPACE.buffer, output.updates ?? {}) },
        };
      });
      const clipped = clipByGlobalNorm(gradients, clipNorm);
      const step = current[STEP] as tf.Scalar;
      const updated = optimizer(
        {
          parameters: trained,
          gradients,
          firstMoments: stripPrefix(SPACE.firstMoment, current),
          secondMoments: stripPrefix(SPACE.secondMoment, current),
        },
        { learningRate: given[LEARNING_RATE] as tf.Scalar, step, gradientScale: clipped.factor },
      );
      return {
        state: {
          [STEP]: tf.add(step, 1),
          ...addPrefix(SPACE.trained, updated.parameters),
          ...addPrefix(SPACE.firstMoment, updated.firstMoments),
          ...addPrefix(SPACE.secondMoment, updated.secondMoments),
          ...addPrefix(SPACE.buffer, stripPrefix(SPACE.buffer, terms)),
        },
        outputs: { loss: value, gradientNorm: clipped.norm, ...addPrefix(TERM, stripPrefix(TERM, terms)) },
      };
    },
  };
  return {
    program,
    initialState: layout.initialState,
    parametersOf: layout.parametersOf,
    reader: (readerName, readerInputs, run) => ({
      name: readerName,
      state: layout.state,
      inputs: readerInputs,
      run: (current, given) => ({ outputs: run(layout.values(current), given) }),
    }),
  };
}
