import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import {
  type Backend,
  type DualEncoderModel,
  describePlugin,
  elementCount,
  type HostTensors,
  MedbenchError,
  type MethodInput,
  type ResolvedMethod,
  random,
  type Settings,
  type TrainingSettings,
  use,
} from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import { composeMethod } from '@medbench/core/methods';
import type { Registry } from '@medbench/core/services';
import { trainingTransform } from '@medbench/data';
import { initialise } from '@medbench/nn';
import { batchLoader, type PreparedRow, prepareRow } from '@medbench/training';
import { noisePairs, tinyTowers, tokenizer } from './towers.js';

const STEPS = 2;
const BATCH = 8;
const CHUNK = 4;
/**
 * Largest accepted relative difference between the loss of a batch in chunks and the loss of the whole batch. Rounding
 * causes about 1e-6.
 */
const TOLERANCE = 1e-3;

/** Settings of the checked steps. */
export const TRAINING: TrainingSettings = {
  steps: STEPS,
  stopAt: null,
  batchSize: BATCH,
  chunkSize: null,
  learningRate: 1e-3,
  warmup: 1,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-6,
  clipNorm: 1,
  validation: { share: 0, batches: 1, every: 1, patience: null, keep: 'last' },
  cropScale: [0.9, 1],
  checkpointEvery: STEPS,
  logEvery: STEPS,
};

const model = tinyTowers();
const pairs = noisePairs(4 * BATCH);
const transform = trainingTransform(model.image.imageSize, { scale: TRAINING.cropScale });

const fault = ({ label }: ResolvedMethod, problem: string): MedbenchError =>
  new MedbenchError('plugin', `${label}: ${problem}`);

/** Checks that the inputs that a method draws for one example have the declared type and size. */
async function checkInputs(method: ResolvedMethod, inputs: Readonly<Record<string, MethodInput>>): Promise<void> {
  const pair = await pairs.get(0);
  for (const [name, input] of Object.entries(inputs)) {
    const drawn: unknown = input.draw(pair, random(0, 'plugin-check', name), { transform });
    const type = input.dtype === 'int32' ? Int32Array : Float32Array;
    const size = elementCount(input.shape);
    if (drawn instanceof type && drawn.length === size) continue;
    const actual = ArrayBuffer.isView(drawn) ? `${(drawn as Float32Array).length} values` : typeof drawn;
    throw fault(method, `draw() of the input "${name}" returns ${actual}; return a ${type.name} of ${size} values`);
  }
}

/** A phase of a method's training, and the backend that runs it. */
interface CheckStepOptions {
  readonly model: DualEncoderModel;
  readonly method: ResolvedMethod;
  readonly row: PreparedRow;
  readonly phase: number;
  readonly backend: Backend;
}

/** A training step on batches of noise images, with random initial parameters. */
export interface CheckStep {
  /** Values of the parameters before the first step, by name. */
  readonly initial: HostTensors;
  /**
   * Trains on the batch with a number, counted from 0.
   * @throws MedbenchError('plugin') if the loss or the norm of its gradient is not finite.
   */
  step(batch: number): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  readState(): Promise<HostTensors>;
  dispose(): Promise<void>;
}

/** Loads the step of a phase on a backend. */
export async function loadCheckStep({ model, method, row, phase, backend }: CheckStepOptions): Promise<CheckStep> {
  const { step } = row.phases[phase]!;
  const load = batchLoader({
    pairs,
    tokenizer: tokenizer(),
    imageSize: model.image.imageSize,
    contextLength: model.text.contextLength,
    batchSize: BATCH,
    cropScale: TRAINING.cropScale,
    seed: 0,
    inputs: step.inputs,
  });
  const initial = initialise(row.specs, 0);
  const session = await step.load(backend, step.initialState(initial), { log: () => {} });
  return {
    initial,
    async step(batch) {
      const outputs: HostTensors = await session.step(await load(batch));
      const [loss, gradientNorm] = [outputs.loss!.data[0]!, outputs.gradientNorm!.data[0]!];
      for (const [quantity, value] of [
        ['the loss', loss],
        ["the norm of the loss's gradient", gradientNorm],
      ] as const) {
        if (Number.isFinite(value)) continue;
        throw fault(method, `${quantity} is ${value} at step ${batch}; look for a logarithm, root or quotient of zero`);
      }
      return { loss, gradientNorm };
    },
    readState: () => session.readState(),
    async dispose() {
      await session.dispose();
      await load.close();
    },
  };
}

/** Trains the first steps of a phase and returns their losses. @throws MedbenchError('plugin') as `CheckStep.step`. */
async function measureLosses(options: CheckStepOptions, steps: number): Promise<number[]> {
  const checkStep = await loadCheckStep(options);
  const losses: number[] = [];
  try {
    for (let i = 0; i < steps; i++) losses.push((await checkStep.step(i)).loss);
  } finally {
    await checkStep.dispose();
  }
  return losses;
}

/**
 * Runs two steps of each phase of a method on tiny towers, compiled and self-checked. It then runs one step with the
 * batch in chunks, in which the loss must equal that of the whole batch.
 * @throws MedbenchError naming the class, its package and what to change.
 */
export async function checkMethod(method: ResolvedMethod, settings: Settings): Promise<void> {
  const row = 'check';
  const prepare = (chunkSize: number | null): PreparedRow =>
    prepareRow(model, { row, method, settings, start: 'scratch', training: { ...TRAINING, chunkSize } });
  const wholeBatch = prepare(null);
  const firstLosses: number[] = [];
  for (const [phase, { step }] of wholeBatch.phases.entries()) {
    await checkInputs(method, step.inputs);
    const compiled = { model, method, row: wholeBatch, phase, backend: new Compiled() };
    firstLosses.push((await measureLosses(compiled, STEPS))[0]!);
  }
  const [chunked] = await measureLosses({ model, method, row: prepare(CHUNK), phase: 0, backend: new Wasm() }, 1);
  const [expected] = firstLosses;
  if (Math.abs(chunked! - expected!) > TOLERANCE * Math.max(Math.abs(chunked!), Math.abs(expected!))) {
    throw fault(
      method,
      `the loss of a batch in chunks is ${chunked}, of the whole batch ${expected}; ` +
        'move code that looks at more than one example from represent() to objective()',
    );
  }
}

/** Checks an objective as the only term of a method. @throws as `checkMethod`. */
export async function checkObjective(registry: Registry, { id, info }: CatalogueEntry<'objective'>): Promise<void> {
  const instance = await registry.get('objective', id);
  const method = { start: 'scratch' as const, objectives: () => [use(id)] };
  const objectives = new Map([[id, { info, instance }]]);
  await checkMethod(composeMethod({ method, objectives, name: describePlugin(instance) }), {});
}
