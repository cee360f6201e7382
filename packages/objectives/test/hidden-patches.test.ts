import '@tensorflow/tfjs-backend-cpu';
import type { Batch } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hiddenPatchLoss, predictorParameters } from '../src/plugins/hidden-patches.js';

const model = dualEncoder(
  vitModel({ id: 'v', imageSize: 16, patchSize: 4, width: 64, layers: 1, embedDim: 8 }),
  gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 8 }),
);

beforeAll(() => tf.setBackend('cpu'));

describe('the loss on hidden patches', () => {
  const specs = [...model.parameters, ...predictorParameters(model, 'pixels')];
  const parameters = () =>
    Object.fromEntries(
      Object.entries(initialise(specs, 2)).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
  const order = Array.from({ length: 16 }, (_, i) => (i * 5 + 3) % 16);
  const computeLoss = (change: (pixel: number, patch: number) => number, zeroHead = false): number => {
    const data = Float32Array.from({ length: 16 * 16 * 3 }, (_, i) => {
      const [row, column] = [Math.floor(i / 48), Math.floor((i % 48) / 3)];
      return change(Math.sin(i * 1.7), Math.floor(row / 4) * 4 + Math.floor(column / 4));
    });
    const values = parameters();
    if (zeroHead) {
      for (const name of ['masked.head.weight', 'masked.head.bias']) values[name] = tf.zerosLike(values[name]!);
    }
    const batch = {
      images: tf.tensor(data, [1, 16, 16, 3]),
      ids: tf.zeros([1, 4], 'int32'),
      inputs: { order: tf.tensor2d([order], [1, 16], 'int32') },
    } as Batch;
    return hiddenPatchLoss({ model, parameters: values, teacher: undefined, batch, kept: 8 }).dataSync()[0]!;
  };
  const visible = new Set(order.slice(0, 8));

  it('is 1, the variance of standardised pixels, for a predictor that outputs zeros', () => {
    expect(computeLoss((pixel) => pixel, true)).toBeCloseTo(1, 4);
  });

  it('does not see the hidden patches: brighter ones give the same standardised target and the same loss', () => {
    const plain = computeLoss((pixel) => pixel);
    expect(computeLoss((pixel, patch) => (visible.has(patch) ? pixel : pixel + 5))).toBeCloseTo(plain, 4);
    expect(Math.abs(computeLoss((pixel, patch) => (visible.has(patch) ? pixel + 5 : pixel)) - plain)).toBeGreaterThan(
      1e-3,
    );
  });
});
