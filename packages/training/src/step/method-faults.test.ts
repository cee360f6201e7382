import { Wasm } from '@medbench/backends-wasm';
import {
  type AnyMethod,
  type HostTensors,
  Method,
  type ObjectiveInput,
  type ObjectiveOutput,
  type ParameterSpec,
  type RepresentInput,
  rememberOrigin,
  type SettingSpecs,
  type TensorMap,
  type TrainingSettings,
} from '@medbench/core';
import { composeMethod } from '@medbench/core/methods';
import { integers, normal } from '@medbench/core/testing';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { prepareRow } from './setup.js';

const model = dualEncoder(
  vitModel({ id: 'tiny-vit', imageSize: 8, patchSize: 4, width: 64, layers: 1, embedDim: 8 }),
  gptModel({ id: 'tiny-gpt', contextLength: 4, vocabSize: 16, width: 64, layers: 1, embedDim: 8 }),
);
const TRAINING: TrainingSettings = {
  ...{ steps: 2, stopAt: null, batchSize: 4, chunkSize: null, learningRate: 1e-3, warmup: 1, weightDecay: 0.1 },
  ...{ beta1: 0.9, beta2: 0.98, epsilon: 1e-6, clipNorm: 1, cropScale: [0.9, 1], checkpointEvery: 10, logEvery: 10 },
  validation: { share: 0, batches: 1, every: 1, patience: null, keep: 'last' },
};
const BATCH: HostTensors = { images: normal('images', [4, 8, 8, 3]), ids: integers('ids', [4, 4], 16) };

/** A sound method of a package. Each test overrides one part of it with a fault. */
@Method({ id: 'wrong', title: 'Wrong', question: 'baseline', source: 'test' })
class Wrong implements Method<SettingSpecs, TensorMap> {
  readonly start = 'scratch';
  parameters(): readonly ParameterSpec[] {
    return [];
  }
  frozen(): readonly string[] {
    return [];
  }
  represent({ model: towers, parameters, batch }: RepresentInput): TensorMap {
    return { image: towers.encodeImage(parameters, batch.images).embedding };
  }
  objective({ representations }: ObjectiveInput): ObjectiveOutput {
    const loss = tf.mean(tf.square(representations.image!)) as tf.Scalar;
    return { loss, terms: { loss } };
  }
}
const WHO = 'Class Wrong of some-package (method "wrong"): ';

/** Runs a step of a method on random tensors, on the whole batch or in chunks. */
async function step(
  change: Partial<Record<keyof Method, unknown>>,
  chunkSize: number | null = null,
): Promise<HostTensors> {
  const wrong = Object.assign(new Wrong(), change as object);
  rememberOrigin(wrong, 'some-package');
  const method = composeMethod({ method: wrong as AnyMethod, objectives: new Map() });
  const training = { ...TRAINING, chunkSize };
  const { specs, phases } = prepareRow(model, { row: 'wrong', method, settings: {}, start: 'scratch', training });
  const loaded = await phases[0]!.step.load(new Wasm(), phases[0]!.step.initialState(initialise(specs, 0)));
  try {
    return await loaded.step(BATCH);
  } finally {
    await loaded.dispose();
  }
}

const image = ({ representations }: ObjectiveInput) => tf.square(representations.image!);

describe.each([['whole batches', null] as const, ['chunks', 2] as const])('a step on %s', (_, chunkSize) => {
  it('runs if nothing is wrong', async () => {
    expect((await step({}, chunkSize)).loss!.data[0]).toBeGreaterThan(0);
  });

  it.each<[string, Partial<Record<keyof Method, unknown>>, string]>([
    [
      'a loss that is a vector',
      { objective: (input: ObjectiveInput) => ({ loss: tf.mean(image(input), 1), terms: {} }) },
      'the loss is a tensor of shape [4] (float32), not a scalar; reduce it, for example with tf.mean',
    ],
    [
      'a missing loss',
      { objective: () => ({ terms: {} }) },
      'the loss is undefined, not a scalar; return a tf.Scalar of type float32',
    ],
    [
      'a loss that depends on no parameter',
      { objective: () => ({ loss: tf.scalar(3), terms: {} }) },
      'the loss depends on no trainable parameter; compute it from the representations',
    ],
    [
      'a method that freezes everything',
      { frozen: () => model.parameters.map(({ name }) => name) },
      'frozen() leaves no parameter to train; freeze less',
    ],
    [
      'missing terms',
      { objective: (input: ObjectiveInput) => ({ loss: tf.mean(image(input)) }) },
      'objective() returns no terms; return { loss, terms: {} } if the loss has no parts',
    ],
    [
      'a term that is a vector',
      {
        objective: (input: ObjectiveInput) => ({
          loss: tf.mean(image(input)),
          terms: { each: tf.mean(image(input), 1) },
        }),
      },
      'the term "each" is a tensor of shape [4] (float32), not a scalar; reduce it, for example with tf.mean',
    ],
    [
      'an objective that returns nothing',
      { objective: () => {} },
      'objective() returns undefined; return { loss, terms }',
    ],
    [
      'an objective that throws by mistake',
      { objective: ({ representations }: ObjectiveInput<SettingSpecs, TensorMap>) => tf.mean(representations.sound!) },
      "objective() fails: Argument 'x' passed to 'mean' must be a Tensor or TensorLike, but got 'null'",
    ],
    [
      'an update that names no buffer',
      {
        objective: (input: ObjectiveInput) => ({
          loss: tf.mean(image(input)),
          terms: {},
          updates: { queue: tf.scalar(1) },
        }),
      },
      'objective() updates "queue", which is no buffer; declare it in parameters() with buffer: true',
    ],
    [
      'a representation without the batch as first axis',
      {
        represent: (input: RepresentInput) => ({
          image: tf.mean(input.model.encodeImage(input.parameters, input.batch.images).embedding, 0),
        }),
      },
      `the representation "image" is a tensor of shape [8] (float32) for a batch of`,
    ],
    [
      'a represent that returns nothing',
      { represent: () => {} },
      'represent() returns undefined; return tensors by name',
    ],
    [
      'a parameter with the name of one of the towers',
      { parameters: () => [{ name: 'logit_scale', shape: [], init: { kind: 'zeros' } }] },
      'parameters() declares "logit_scale", which the towers have; give it a name of its own',
    ],
    [
      'a parameter declared twice',
      { parameters: () => ['head', 'head'].map((name) => ({ name, shape: [], init: { kind: 'zeros' } })) },
      'parameters() declares "head", twice; give it a name of its own',
    ],
    [
      'a frozen name that does not exist',
      { frozen: () => ['visual.absent'] },
      'frozen() names "visual.absent", which is no parameter of tiny-vit or tiny-gpt; take names from model.parameters',
    ],
    [
      'an input without a shape',
      { inputs: () => ({ view: { dtype: 'float32', draw: () => new Float32Array() } }) },
      'the input "view" needs a shape of whole numbers, a dtype (float32 or int32) and draw()',
    ],
    ['an unknown start', { start: 'zero' }, 'start is "zero"; make it "general" or "scratch"'],
    [
      'phases whose shares do not add up to 1',
      { phases: () => [{ share: 0.5, settings: {} }] },
      'the phases of wrong make up 0.5 of its steps; make their shares add up to 1',
    ],
  ])('refuses %s', async (_name, change, message) => {
    await expect(step(change, chunkSize)).rejects.toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringContaining(WHO + message) }),
    );
  });
});
