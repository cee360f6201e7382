import type { Backend, HostTensors, LoadOptions, MethodInput, Program, ValidationLoss } from '@medbench/core';
import { differentiate } from '@medbench/nn';
import { checkMethod } from './check-method.js';
import type { StepDefinition, StepOptions } from './definition.js';
import { createEvaluator } from './evaluator.js';
import { addPrefix, SPACE, stateLayout, stripPrefix } from './layout.js';
import { checkReached, methodLoss } from './loss.js';
import { inputSpecs, represent, toBatch } from './represent.js';
import { update } from './update.js';

/** Prefix of the loss's terms, among the outputs. */
export const TERM = 'term/';

/** A training step that is loaded on a backend, with its state. */
export interface LoadedStep {
  /** @returns `loss`, `gradientNorm`, `learningRate`, `logitScale`, `term/<name>`. */
  step(batch: HostTensors): Promise<HostTensors>;
  /** Copies a later batch to the device, as `Session.send`. */
  send?(batch: HostTensors): Promise<void>;
  readState(): Promise<HostTensors>;
  /** Computes a loss of a whole batch of any size, also for a step in chunks, without changing the state. Default: own. */
  evaluate(batch: HostTensors, loss?: ValidationLoss): Promise<number>;
  dispose(): Promise<void>;
}

/** A method's training step, before it is loaded. */
export interface TrainingStep {
  /** Inputs that are drawn for each example, beside image and text. */
  readonly inputs: Readonly<Record<string, MethodInput>>;
  /** Names of the trained parameters. */
  readonly trainable: readonly string[];
  /** Builds the state before the first step from parameter values. */
  initialState(parameters: HostTensors): HostTensors;
  /** Extracts the parameters from a state. */
  parametersOf(state: HostTensors): HostTensors;
  load(backend: Backend, state: HostTensors, options?: LoadOptions): Promise<LoadedStep>;
  /** Estimates the memory of the step from shapes alone; undefined on a backend that gives no estimate. */
  memory(backend: Pick<Backend, 'estimate'>): Promise<StepMemory | undefined>;
}

/** Peak memory of a step. */
export interface StepMemory {
  /** Bytes that the step adds to the process. */
  readonly bytes: number;
  /** Bytes of the whole process, without the self-check. */
  readonly peakBytes: number;
  /** Bytes that the self-check adds to both. */
  readonly checkBytes: number;
}

/** Resolves a step's inputs and state. @throws MedbenchError('plugin') if the method does not fit the towers. */
export function defineStep(options: StepOptions): StepDefinition {
  const { model, method, settings, parameters, training } = options;
  const inputs = method.inputs(model, settings);
  checkMethod(options, inputs);
  const layout = stateLayout({
    parameters,
    frozen: new Set(method.frozen(model, settings)),
    momentum: method.teacher(settings),
    decay: training.decay,
  });
  return { ...options, layout, inputs };
}

/** Builds a step from its definition and the functions that load it and estimate its memory. */
export const buildStep = (
  { layout, inputs }: StepDefinition,
  { load, memory }: Pick<TrainingStep, 'load' | 'memory'>,
): TrainingStep => ({
  inputs,
  trainable: layout.trained.map((spec) => spec.name),
  initialState: layout.initialState,
  parametersOf: layout.parametersOf,
  load,
  memory,
});

/**
 * The pure training step of a method on a whole batch: forward pass, backward pass, clipping, AdamW under the schedule,
 * the clamp of the logit scale, the EMA teacher. Inputs: `images` `[B, H, W, 3]`, `ids` `[B, L]`, `input/<name>`
 * `[B, ...]`. Outputs: `loss`, `gradientNorm`, `learningRate`, `logitScale`, `term/<name>`.
 */
function wholeBatchProgram(definition: StepDefinition): Program {
  const { name, model, method, training, layout } = definition;
  return {
    name,
    state: layout.state,
    inputs: inputSpecs(model, definition.inputs, training.batchSize),
    // After one step, the first moments are the gradients times a constant: they check the whole backward pass.
    selfCheck: ['loss', 'gradientNorm', ...layout.packing.groups.map((group) => SPACE.firstMoment + group.name)],
    run(current, inputs) {
      const batch = toBatch(inputs);
      const teacher = layout.teacher(current);
      const { value, gradients, terms, reached } = differentiate(stripPrefix(SPACE.trained, current), (groups) => {
        const parameters = layout.values(current, groups);
        const { representations, updates } = represent(
          { ...definition, frozen: layout.frozen },
          parameters,
          batch,
          teacher,
        );
        const output = methodLoss(definition, representations, parameters);
        const bufferUpdates = { ...updates, ...output.updates };
        return {
          value: output.loss,
          terms: { ...addPrefix(TERM, output.terms), ...addPrefix(SPACE.buffer, bufferUpdates) },
        };
      });
      checkReached(method, reached);
      const updated = update(layout, training, current, gradients);
      return {
        state: { ...updated.state, ...addPrefix(SPACE.buffer, stripPrefix(SPACE.buffer, terms)) },
        outputs: { loss: value, ...updated.outputs, ...addPrefix(TERM, stripPrefix(TERM, terms)) },
      };
    },
  };
}

/** A method's training step on whole batches. */
export function wholeBatchStep(definition: StepDefinition): TrainingStep {
  const program = wholeBatchProgram(definition);
  return buildStep(definition, {
    async load(backend, state, options) {
      const session = await backend.load(program, state, options);
      const evaluator = createEvaluator(definition, backend, session, options);
      return {
        step: (batch) => session.step(batch),
        ...(session.send ? { send: (batch: HostTensors) => session.send!(batch) } : {}),
        readState: () => session.readState(),
        evaluate: evaluator.evaluate,
        async dispose() {
          await evaluator.dispose();
          await session.dispose();
        },
      };
    },
    async memory(backend) {
      const estimate = await backend.estimate?.(program);
      if (!estimate) return undefined;
      const bytes = estimate.bytes + estimate.stateBytes;
      return { bytes, peakBytes: estimate.baseBytes + bytes, checkBytes: estimate.checkBytes };
    },
  });
}
