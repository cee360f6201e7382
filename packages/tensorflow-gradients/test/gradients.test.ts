import '@medbench/tensorflow-gradients';
import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { root } from '../../../scripts/workspace.mjs';

/** Names of all kernels: tfjs-core exports each as a constant. */
const KERNELS = Object.values<unknown>({ ...tf }).flatMap((value) => (typeof value === 'string' ? [value] : []));

/** What is registered for each kernel that has a gradient. */
const registered = (): object[] =>
  KERNELS.flatMap((kernel) => {
    const gradient = tf.getGradient(kernel);
    if (!gradient) return [];
    const { inputsToSave, outputsToSave, saveAllInputs } = gradient;
    return [{ kernel, inputsToSave, outputsToSave, saveAllInputs }];
  });

const random = (shape: number[], seed: number): tf.Tensor => tf.randomUniform(shape, 0.1, 0.9, 'float32', seed);

/** Functions of one tensor whose gradients use tfjs-core's operations, and those that it keeps to itself. */
const UNARY: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  exp: tf.exp,
  log: tf.log,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  erf: tf.erf,
  relu: tf.relu,
  selu: tf.selu,
  elu: tf.elu,
  rsqrt: tf.rsqrt,
  softmax: tf.softmax,
  logSoftmax: tf.logSoftmax,
  sum: (x) => tf.sum(x, 1),
  mean: (x) => tf.mean(x, [0, 2]),
  max: (x) => tf.max(x, 2),
  cumsum: (x) => tf.cumsum(x, 3),
  transpose: (x) => tf.transpose(x, [2, 0, 3, 1]),
  slice: (x) => tf.slice(x, [0, 1, 1, 0], [2, 2, 2, 2]),
  pad: (x) =>
    tf.pad4d(x as tf.Tensor4D, [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ]),
  gather: (x) => tf.gather(x, [2, 0, 2], 1),
  concat: (x) => tf.concat([x, tf.mul(x, 2)], 3),
  stack: (x) => tf.stack(tf.unstack(x, 0).reverse(), 2),
  tile: (x) => tf.tile(x, [1, 2, 1, 1]),
  broadcast: (x) => tf.broadcastTo(tf.sum(x, 0, true), x.shape),
  maxPool: (x) => tf.maxPool(x as tf.Tensor4D, 2, 1, 'same'),
  avgPool: (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'),
  resize: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [7, 5]),
  normalise: (x) => tf.localResponseNormalization(x as tf.Tensor4D, 1),
  where: (x) => tf.where(tf.tensor1d([true, false, true]), tf.square(x), tf.sqrt(x)),
};
const BINARY: Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor> = {
  mul: tf.mul,
  div: tf.div,
  pow: tf.pow,
  matMul: (a, b) => tf.matMul(tf.reshape(a, [8, 12]), tf.reshape(b, [8, 12]), false, true),
  conv2d: (a, b) => tf.conv2d(a as tf.Tensor4D, tf.reshape(b, [2, 2, 3, 8]) as tf.Tensor4D, 1, 'same'),
  depthwise: (a, b) => tf.depthwiseConv2d(a as tf.Tensor4D, tf.reshape(b, [2, 4, 3, 4]) as tf.Tensor4D, 1, 'same'),
};

/** Gradients of all functions, as numbers. */
function gradients(): Record<string, number[]> {
  const x = random([2, 4, 4, 3], 1);
  const y = random([2, 4, 4, 3], 2);
  const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
  return Object.fromEntries([
    ...Object.entries(UNARY).map(([name, f]) => [name, numbers(tf.grad((v) => tf.square(f(v)))(x))]),
    ...Object.entries(BINARY).map(([name, f]) => [
      name,
      tf
        .grads((a: tf.Tensor, b: tf.Tensor) => tf.square(f(a, b)))([x, y])
        .flatMap(numbers),
    ]),
  ]);
}

it('registers the gradients of @tensorflow/tfjs-layers, with the same values', async () => {
  await tf.setBackend('cpu');
  const [ours, values] = [registered(), gradients()];
  for (const kernel of KERNELS) if (tf.getGradient(kernel)) tf.unregisterGradient(kernel);
  expect(registered()).toEqual([]);
  await import('@tensorflow/tfjs-layers');
  expect(ours).toEqual(registered());
  expect(ours.length).toBeGreaterThan(90);
  expect(values).toEqual(gradients());
  for (const [name, numbers] of Object.entries(values)) {
    expect(
      numbers.some((value) => value !== 0),
      name,
    ).toBe(true);
  }
});

it('takes tfjs-core from its one copy, and says under which licence the code is', () => {
  const file = `${root}packages/tensorflow-gradients/dist/index.js`;
  expect(existsSync(file)).toBe(true);
  const code = readFileSync(file, 'utf8');
  expect(code).toMatch(/^\/\/ From @tensorflow\/tfjs-core\. Copyright Google LLC\. Licensed under the Apache License/);
  expect(code).not.toMatch(/class Environment\b/);
});
