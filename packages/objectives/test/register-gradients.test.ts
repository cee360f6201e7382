import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerGradients } from '../src/gradients.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the gradients entry', () => {
  it("registers TensorFlow.js's gradients by being imported", () => {
    const gradient = tf.grad((x) => tf.sum(tf.exp(x)))(tf.tensor1d([0, 1]));
    expect([...gradient.dataSync()]).toEqual([1, Math.fround(Math.E)]);
  });

  // TensorFlow.js's own gradients fail beyond rank 4, take a wrong axis, or have the shape of the result.
  it('has the gradients of a tile of rank 5, a cumulative sum along the first axis, and broadcast operands', () => {
    const tiled = tf.grad((x) => tf.sum(tf.tile(x, [2, 1, 1, 3, 1])))(tf.ones([1, 1, 1, 1, 1]));
    expect([...tiled.dataSync()]).toEqual([6]);
    const summed = tf.grad((x) => tf.sum(tf.cumsum(x, 0)))(tf.ones([3, 2]));
    expect([...summed.dataSync()]).toEqual([3, 3, 2, 2, 1, 1]);
    const [, byScalar] = tf.grads((a, b) => tf.sum(tf.squaredDifference(a, b)))([tf.tensor1d([1, 2, 4]), tf.scalar(3)]);
    expect(byScalar!.shape).toEqual([]);
    // The sum of 2 (3 - a).
    expect([...byScalar!.dataSync()]).toEqual([2 * (2 + 1 - 1)]);
  });

  it('replaces gradients that another copy of TensorFlow.js registers', () => {
    const ours = tf.getGradient('Tile');
    tf.unregisterGradient('Tile');
    tf.registerGradient({ kernelName: 'Tile', gradFunc: () => ({}) });
    registerGradients();
    expect(tf.getGradient('Tile').gradFunc).toBe(ours.gradFunc);
  });
});
