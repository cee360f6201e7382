import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import type { Backend, HostTensors, Method } from '@medbench/core';
import { random } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { Clip } from '@medbench/methods-clip';
import { ClipPartial } from '@medbench/methods-clip-partial';
import { dualEncoder, initialise } from '@medbench/nn';
import { trainingStep } from '@medbench/training';
import { describe, expect, it } from 'vitest';
import { largestDifference, TRAINING } from './support/methods.js';

const training = { ...TRAINING, steps: 40, batchSize: 4 };
const STEPS = 3;

const model = dualEncoder(
  resnetModel({ id: 'tiny', imageSize: 64, baseWidth: 8, layers: [1, 1, 1, 1], embedDim: 32 }),
  gptModel({ id: 'tiny', contextLength: 12, vocabSize: 64, width: 64, layers: 1, embedDim: 32 }),
);
const buffers = model.parameters.flatMap(({ name, buffer }) => (buffer ? [name] : []));

function batchOf(step: number): HostTensors {
  const stream = random(5, 'batch', step);
  const images = Float32Array.from({ length: 4 * 64 * 64 * 3 }, () => stream.normal());
  const ids = Int32Array.from({ length: 4 * 12 }, (_, i) => (i % 12 === 11 ? 63 : stream.integer(62)));
  return {
    images: { shape: [4, 64, 64, 3], dtype: 'float32', data: images },
    ids: { shape: [4, 12], dtype: 'int32', data: ids },
  };
}

async function trainOn(backend: Backend, method: Method, settings: Record<string, string | number>) {
  const { parameters } = model;
  const step = trainingStep({ name: 'train:resnet', model, method, settings, parameters, training });
  const start = initialise(parameters, 11);
  const session = await step.load(backend, step.initialState(start));
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) losses.push((await session.step(batchOf(i))).loss!.data[0]!);
  const weights = step.parametersOf(await session.readState());
  await session.dispose();
  return { start, weights, losses };
}

const methods: [string, Method, Record<string, string | number>][] = [
  ['clip', new Clip(), {}],
  ['clip-partial', new ClipPartial(), { tower: 'image', freeze: 0.5 }],
];

describe.each(methods)('training of %s with batch norms', (name, method, settings) => {
  it('compiled and eager agree in every weight and running statistic, and what is frozen stays', async () => {
    const compiled = await trainOn(new Compiled(), method, settings);
    const eager = await trainOn(new Wasm(), method, settings);
    for (const [weight, value] of Object.entries(compiled.weights)) {
      expect(largestDifference(value, eager.weights[weight]!), weight).toBeLessThan(1e-3);
    }
    for (const [i, loss] of compiled.losses.entries()) expect(Math.abs(loss - eager.losses[i]!)).toBeLessThan(1e-3);
    const moved = buffers.filter((one) => largestDifference(compiled.weights[one]!, compiled.start[one]!) > 0);
    const lower = (one: string): boolean => /visual\.(bn\d|layer[12])\./.test(one);
    expect(moved).toEqual(name === 'clip' ? buffers : buffers.filter((one) => !lower(one)));
  });
});
