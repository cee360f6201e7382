import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import type { Backend, HostTensor, HostTensors, Method, TextEncoderModel, TrainingSettings } from '@medbench/core';
import { type ImageEncoderModel, random } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { ClipPartial } from '@medbench/methods-clip-partial';
import { ClipScratch } from '@medbench/methods-clip-scratch';
import { dualEncoder, initialise } from '@medbench/nn';

import { goldenCases } from '@medbench/objectives/testing';
import { trainingStep } from '@medbench/training';
import { describe, expect, it } from 'vitest';
import { engines } from './support/engines.js';

describe.each(engines)('golden losses on %s', (_, backend) => {
  it.each(goldenCases.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const inputs = Object.fromEntries(
      Object.entries(golden.inputs).map(([key, { shape, dtype }]) => [key, { shape, dtype }]),
    );
    const session = await backend.load(
      { name, state: {}, inputs, run: (_state, given) => ({ outputs: golden.run(given) }) },
      {},
    );
    const outputs = await session.step(golden.inputs);
    await session.dispose();
    for (const [key, expected] of Object.entries(golden.expected)) {
      const values = [...outputs[key]!.data];
      expect(values).toHaveLength(expected.length);
      for (const [i, value] of values.entries()) {
        const allowed = golden.tolerance * Math.max(1, Math.abs(expected[i]!));
        expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(allowed);
      }
    }
  });
});

const TRAINING: TrainingSettings = {
  steps: 40,
  batchSize: 8,
  learningRate: 1e-3,
  warmup: 5,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-6,
  clipNorm: 1,
  cropScale: [0.9, 1],
  checkpointEvery: 100,
  logEvery: 100,
};

/** Towers of two blocks, small enough for the eager engine. */
const model = dualEncoder(
  vitModel({ id: 'tiny', imageSize: 16, patchSize: 8, width: 64, layers: 2, embedDim: 32 }) as ImageEncoderModel,
  gptModel({ id: 'tiny', contextLength: 12, vocabSize: 64, width: 64, layers: 2, embedDim: 32 }) as TextEncoderModel,
);

function batchOf(step: number): HostTensors {
  const stream = random(5, 'batch', step);
  const images = Float32Array.from({ length: 8 * 16 * 16 * 3 }, () => stream.normal());
  const ids = new Int32Array(8 * 12);
  for (let row = 0; row < 8; row++) {
    const length = 4 + stream.integer(7);
    ids[row * 12] = 62;
    for (let i = 1; i <= length; i++) ids[row * 12 + i] = stream.integer(62);
    ids[Math.min(row * 12 + length + 1, row * 12 + 11)] = 63;
  }
  return {
    images: { shape: [8, 16, 16, 3], dtype: 'float32', data: images },
    ids: { shape: [8, 12], dtype: 'int32', data: ids },
  };
}

async function trainOn(backend: Backend, method: Method, settings: Record<string, string | number>, steps: number) {
  const step = trainingStep({
    name: 'train:test',
    model,
    method,
    settings,
    parameters: model.parameters,
    training: TRAINING,
  });
  const start = initialise(model.parameters, 11);
  const session = await backend.load(step.program, step.initialState(start));
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await session.step(batchOf(i))).loss!.data[0]!);
  const weights = step.parametersOf(await session.readState());
  await session.dispose();
  return { start, weights, losses, trainable: step.trainable };
}

const largestDifference = (a: HostTensor, b: HostTensor): number =>
  Array.from(a.data, (value, i) => Math.abs(value - b.data[i]!)).reduce((worst, one) => Math.max(worst, one), 0);

const methods: [string, Method, Record<string, string | number>][] = [
  ['clip', new Clip(), {}],
  ['clip-partial', new ClipPartial(), { tower: 'image', freeze: 0.5 }],
  ['clip-scratch', new ClipScratch(), {}],
];

describe.each(methods)('training of %s', (_, method, settings) => {
  it.each(engines.filter(([id]) => id !== 'wasm'))(
    '%s and wasm agree to 1e-4 in every weight after 20 steps',
    async (_id, backend) => {
      const found = await trainOn(backend, method, settings, 20);
      const expected = await trainOn(new Wasm(), method, settings, 20);
      expect(Object.keys(found.weights).sort()).toEqual(model.parameters.map(({ name }) => name).sort());
      for (const [name, weight] of Object.entries(found.weights)) {
        expect(largestDifference(weight, expected.weights[name]!), name).toBeLessThan(1e-4);
      }
      for (const [i, loss] of found.losses.entries()) expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(1e-4);
    },
    120_000,
  );

  it('moves what trains and nothing else', async () => {
    const { start, weights, trainable } = await trainOn(new Compiled(), method, settings, 3);
    for (const { name } of model.parameters) {
      const moved = largestDifference(start[name]!, weights[name]!);
      if (trainable.includes(name)) expect(moved, name).toBeGreaterThan(0);
      else expect(moved, name).toBe(0);
    }
  }, 60_000);

  it('gives the same bits twice', async () => {
    const once = await trainOn(new Compiled(), method, settings, 5);
    const twice = await trainOn(new Compiled(), method, settings, 5);
    expect(twice.losses).toEqual(once.losses);
    for (const [name, weight] of Object.entries(once.weights)) expect(twice.weights[name]!.data).toEqual(weight.data);
  }, 60_000);
});
