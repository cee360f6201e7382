import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import type { Backend, HostTensors, ImageTextPair, ResolvedMethod, Settings } from '@medbench/core';
import { clipTokenizer, fromArray } from '@medbench/data';
import { gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { Clip } from '@medbench/methods-clip';
import { ClipPartial } from '@medbench/methods-clip-partial';
import { dualEncoder, initialise } from '@medbench/nn';
import { shapesCase } from '@medbench/phantoms';
import { batchLoader, trainingStep } from '@medbench/training';
import { describe, expect, it } from 'vitest';
import { nightly, selected } from './support/full.js';
import { composed, largestDifference, mostDifferentParameter, TRAINING } from './support/methods.js';

const STEPS = 50;
const [BATCH, SIDE, LENGTH] = [16, 32, 12];
const tokenizer = clipTokenizer({ merges: 0 });
const model = dualEncoder(
  resnetModel({ id: 'tiny', imageSize: SIDE, baseWidth: 8, layers: [1, 1, 1, 1], embedDim: 32 }),
  gptModel({
    id: 'tiny',
    contextLength: LENGTH,
    vocabSize: tokenizer.vocabSize,
    width: 64,
    layers: 1,
    embedDim: 32,
  }),
);
const { parameters } = model;
const buffers = parameters.flatMap(({ name, buffer }) => (buffer ? [name] : []));

const pairs = fromArray<ImageTextPair>(
  Array.from({ length: STEPS * BATCH }, (_, i) => {
    const { render, caption } = shapesCase(1, i);
    return { image: render(SIDE), caption };
  }),
);
const load = batchLoader({
  ...{ pairs, tokenizer, imageSize: SIDE, contextLength: LENGTH, batchSize: BATCH },
  ...{ cropScale: TRAINING.cropScale, seed: 3, workers: 0 },
});

/** A step with the warm-up of a default run and, by default, the study's learning rate. */
const buildStep = (method: ResolvedMethod, settings: Settings, learningRate = 5e-5) =>
  trainingStep({
    ...{ name: 'train:resnet', model, method, settings, parameters },
    training: { ...TRAINING, steps: 600, warmup: 50, batchSize: BATCH, learningRate },
  });

async function trainOn(backend: Backend, method: ResolvedMethod, settings: Settings) {
  const step = buildStep(method, settings);
  const start = initialise(parameters, 11);
  const session = await step.load(backend, step.initialState(start));
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) losses.push((await session.step(await load(i))).loss!.data[0]!);
  const weights = step.parametersOf(await session.readState());
  await session.dispose();
  return { start, weights, losses };
}

const methods: [string, ResolvedMethod, Settings][] = [
  ['clip', composed(Clip), {}],
  ['clip-partial', composed(ClipPartial), { tower: 'image', freeze: 0.5, blocks: 'auto' }],
];

describe.each(selected('training with batch norms', methods, ['clip-partial']))(
  'training of %s with batch norms',
  (name, method, settings) => {
    it('after 50 steps every weight and running statistic equals the eager reference to 1e-4, and frozen ones are unchanged', async () => {
      const compiled = await trainOn(new Compiled(), method, settings);
      const eager = await trainOn(new Wasm(), method, settings);
      const worst = mostDifferentParameter(compiled.weights, eager.weights, /^$/);
      console.info(`${name} on a ResNet: largest difference ${worst.by.toExponential(1)}, in ${worst.name}`);
      expect(worst.by, worst.name).toBeLessThan(1e-4);
      for (const [i, loss] of compiled.losses.entries()) expect(Math.abs(loss - eager.losses[i]!)).toBeLessThan(1e-3);
      const moved = buffers.filter((one) => largestDifference(compiled.weights[one]!, compiled.start[one]!) > 0);
      const lower = (one: string): boolean => /visual\.(bn\d|layer[12])\./.test(one);
      expect(moved).toEqual(name === 'clip' ? buffers : buffers.filter((one) => !lower(one)));
    }, 300_000);
  },
);

// At this learning rate, batch norms over a few values amplify rounding: weights differ by 1e-6 after ten steps and
// 1e-3 after forty. Two eager runs that start one unit in the last place apart differ as much. So the test compares
// single steps along the training. A gradient jumps where the input of a ReLU is near zero: a ReLU that is active on
// one backend only changes the gradient by 1e-3. This was seen at the third comparison (3.3e-3) and, with sums in
// another order, at the first (1.0e-3). All other comparisons differ by 4e-6 to 8e-6.
nightly(
  'at twenty times that rate, single steps along the training agree to 1e-4 in their gradient',
  async () => {
    const apart: number[] = [];
    const step = buildStep(composed(Clip), {}, 1e-3);
    const session = await step.load(new Compiled(), step.initialState(initialise(parameters, 11)));
    const gradient = (before: HostTensors, after: HostTensors): number[] =>
      Object.entries(after).flatMap(([entry, { data }]) =>
        entry.startsWith('moment1/')
          ? Array.from(data, (value, i) => (value - 0.9 * before[entry]!.data[i]!) * 10)
          : [],
      );
    const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
    for (let i = 0; i < STEPS; i++) {
      const before = i % 12 === 11 ? await session.readState() : undefined;
      await session.step(await load(i));
      if (!before) continue;
      const reference = await step.load(new Wasm(), before);
      await reference.step(await load(i));
      const [found, expected] = [
        gradient(before, await session.readState()),
        gradient(before, await reference.readState()),
      ];
      await reference.dispose();
      apart.push(norm(expected.map((value, j) => value - found[j]!)) / norm(expected));
    }
    await session.dispose();
    const told = apart.map((one) => one.toExponential(1)).join(', ');
    expect(apart).toHaveLength(4);
    expect(Math.max(...apart), told).toBeLessThan(1e-2);
    expect(apart.filter((one) => one < 1e-4).length, told).toBeGreaterThanOrEqual(3);
  },
  300_000,
);
