import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import {
  type Backend,
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

const TRAINING: TrainingSettings = {
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

const fault = ({ label }: ResolvedMethod, problem: string): MedbenchError =>
  new MedbenchError('plugin', `${label}: ${problem}`);

/** Checks that the inputs that a method draws for one example have the declared type and size. */
async function checkInputs(method: ResolvedMethod, inputs: Readonly<Record<string, MethodInput>>): Promise<void> {
  const pair = await pairs.get(0);
  for (const [name, input] of Object.entries(inputs)) {
    const drawn: unknown = input.draw(pair, random(0, 'plugin-check', name));
    const type = input.dtype === 'int32' ? Int32Array : Float32Array;
    const size = elementCount(input.shape);
    if (drawn instanceof type && drawn.length === size) continue;
    const actual = ArrayBuffer.isView(drawn) ? `${(drawn as Float32Array).length} values` : typeof drawn;
    throw fault(method, `draw() of the input "${name}" returns ${actual}; return a ${type.name} of ${size} values`);
  }
}

/**
 * Trains the first steps of a phase and returns their losses.
 * @throws MedbenchError('plugin') if the loss or the norm of its gradient is not finite.
 */
async function measureLosses(
  method: ResolvedMethod,
  { specs, phases }: PreparedRow,
  phase: number,
  backend: Backend,
  steps: number,
): Promise<number[]> {
  const { step } = phases[phase]!;
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
  const session = await step.load(backend, step.initialState(initialise(specs, 0)), { log: () => {} });
  const stepLosses: number[] = [];
  try {
    for (let i = 0; i < steps; i++) {
      const outputs: HostTensors = await session.step(await load(i));
      for (const name of ['loss', 'gradientNorm'] as const) {
        const value = outputs[name]!.data[0]!;
        if (Number.isFinite(value)) continue;
        const quantity = name === 'loss' ? 'the loss' : "the norm of the loss's gradient";
        throw fault(method, `${quantity} is ${value} at step ${i}; look for a logarithm, root or quotient of zero`);
      }
      stepLosses.push(outputs.loss!.data[0]!);
    }
  } finally {
    await session.dispose();
    await load.close();
  }
  return stepLosses;
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
    firstLosses.push((await measureLosses(method, wholeBatch, phase, new Compiled(), STEPS))[0]!);
  }
  const [chunked] = await measureLosses(method, prepare(CHUNK), 0, new Wasm(), 1);
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
