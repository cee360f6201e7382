import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchNorm, batchNormParameters, countParameters, differentiate } from './index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Two columns with means 3 and 20, and biased variances 14 / 3 and 200. */
const rows = (): tf.Tensor2D =>
  tf.tensor2d([
    [1, 10],
    [2, 10],
    [6, 40],
  ]);
const parameters = (): Record<string, tf.Tensor> => ({
  'n.weight': tf.tensor1d([2, 1]),
  'n.bias': tf.tensor1d([0.5, -1]),
  'n.running_mean': tf.tensor1d([1, 0]),
  'n.running_var': tf.tensor1d([4, 1]),
});
const expectNear = (actual: tf.Tensor, expected: number[]): void => {
  const values = actual.dataSync();
  // The tolerance allows for epsilon, which the expected values leave out: it is 10^-5 of a variance of one.
  for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 3);
};

describe('batch norm of rows', () => {
  it('normalises by the running statistics in evaluation, and does not update them', () => {
    const { value, updates } = batchNorm(parameters(), 'n', rows());
    expectNear(value, [0.5, 9, 1.5, 9, 5.5, 39]);
    expect(updates).toEqual({});
  });

  it('normalises by the batch in training, and moves the running statistics a tenth of the way to its mean and unbiased variance', () => {
    const { value, updates } = batchNorm(parameters(), 'n', rows(), { training: true });
    const [a, b] = [Math.sqrt(14 / 3), Math.sqrt(200)];
    expectNear(value, [-4 / a + 0.5, -10 / b - 1, -2 / a + 0.5, -10 / b - 1, 6 / a + 0.5, 20 / b - 1]);
    expectNear(updates['n.running_mean']!, [0.9 * 1 + 0.1 * 3, 0.1 * 20]);
    expectNear(updates['n.running_var']!, [0.9 * 4 + 0.1 * 7, 0.9 + 0.1 * 300]);
  });

  it('normalises images with channels last as it does rows', () => {
    const image = tf.reshape(rows(), [1, 3, 1, 2]);
    const { value } = batchNorm(parameters(), 'n', image, { training: true });
    expect(value.shape).toEqual([1, 3, 1, 2]);
    const flat = batchNorm(parameters(), 'n', rows(), { training: true }).value;
    expectNear(value, [...flat.dataSync()]);
  });

  it('has the gradient of its definition', () => {
    const dy = tf.tensor2d([1, -2, 0.5, 3, 2, 0.25], [3, 2]);
    const { 'n.weight': gain, 'n.bias': bias, ...statistics } = parameters();
    const gradients = (norm: (x: tf.Tensor2D, gain: tf.Tensor, bias: tf.Tensor) => tf.Tensor) =>
      differentiate({ x: rows(), gain: gain!, bias: bias! }, (variables) => ({
        value: tf.sum(tf.mul(norm(variables.x as tf.Tensor2D, variables.gain!, variables.bias!), dy)) as tf.Scalar,
        terms: {},
      })).gradients;
    const actual = gradients(
      (x, weight, shift) =>
        batchNorm({ ...statistics, 'n.weight': weight, 'n.bias': shift }, 'n', x, { training: true }).value,
    );
    const expected = gradients((x, weight, shift) => {
      const { mean, variance } = tf.moments(x, 0);
      const normed = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
      return tf.add(tf.mul(normed, weight), shift);
    });
    for (const name of ['x', 'gain', 'bias']) expectNear(actual[name]!, [...expected[name]!.dataSync()]);
  });

  it('behaves in training as in evaluation if it is frozen', () => {
    const { value, updates } = batchNorm(parameters(), 'n', rows(), { training: true, frozen: new Set(['n.weight']) });
    expectNear(value, [0.5, 9, 1.5, 9, 5.5, 39]);
    expect(updates).toEqual({});
  });

  it('refuses a batch without variance, and names the layer', () => {
    expect(() => batchNorm(parameters(), 'n', tf.ones([1, 2]), { training: true })).toThrow(
      'Batch norm n has one value per channel, so the batch has no variance',
    );
  });
});

it('counts the gain and bias of a batch norm as parameters, but not the running statistics', () => {
  const specs = batchNormParameters('n', 8);
  expect(specs.map(({ name }) => name)).toEqual(['n.weight', 'n.bias', 'n.running_mean', 'n.running_var']);
  expect(countParameters(specs)).toBe(16);
});
