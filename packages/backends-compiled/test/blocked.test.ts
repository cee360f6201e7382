import type { Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { traceToOnnx } from '../src/index.js';

/** A depthwise convolution with its gradients. */
const program = (channels: number): Program => ({
  name: 'depthwise',
  state: {},
  inputs: {
    x: { shape: [2, 9, 9, channels], dtype: 'float32' },
    filter: { shape: [7, 7, channels, 1], dtype: 'float32' },
  },
  run(_, { x, filter }) {
    const convolve = (image: tf.Tensor, taps: tf.Tensor): tf.Scalar =>
      tf.sum(tf.depthwiseConv2d(image as tf.Tensor4D, taps as tf.Tensor4D, 1, 3));
    const [byX, byFilter] = tf.grads(convolve)([x!, filter!]) as [tf.Tensor, tf.Tensor];
    return { outputs: { byX, byFilter } };
  },
});

const reorders = async (channels: number, options: Parameters<typeof traceToOnnx>[1]): Promise<number> => {
  const { model } = await traceToOnnx(program(channels), options);
  return Buffer.from(model).toString('latin1').split('ReorderInput').length - 1;
};

it('uses blocks of channels only if ONNX Runtime has them, the channels fill them, and no other runtime reads the graph', async () => {
  expect(await reorders(16, { blocked: true })).toBeGreaterThan(2);
  expect(await reorders(16, { blocked: false })).toBe(0);
  expect(await reorders(12, { blocked: true })).toBe(0);
  expect(await reorders(16, { portable: true })).toBe(0);
  expect(await reorders(16, { divided: false })).toBe(0);
});
