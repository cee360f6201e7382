import '@tensorflow/tfjs-backend-cpu';
import { differentiate } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { infoNce, nearestInQueue, normalise, simsiam } from '../src/index.js';
import { NearestText } from '../src/plugin.js';

beforeAll(() => tf.setBackend('cpu'));

describe('the queue', () => {
  const queue = tf.tensor2d([
    [3, 0],
    [0, 2],
    [-1, 0],
  ]);
  const rows = tf.tensor2d([
    [1, 4],
    [-5, 1],
  ]);

  it('gives each row the nearest row by cosine, and replaces its oldest rows by the batch', () => {
    const result = nearestInQueue(rows, queue);
    expect(result.nearest.arraySync()).toEqual([
      [0, 1],
      [-1, 0],
    ]);
    const [first, second, third] = result.queue.arraySync() as number[][];
    expect(first![1]! / first![0]!).toBeCloseTo(4, 5);
    expect(second![0]! / second![1]!).toBeCloseTo(-5, 5);
    expect(third).toEqual([1, 0]);
  });

  it('passes no gradient', () => {
    const { gradients } = differentiate({ rows }, (moved) => {
      const { nearest } = nearestInQueue(moved.rows as tf.Tensor2D, queue);
      return { value: tf.sum(tf.square(nearest)) as tf.Scalar, terms: {} };
    });
    expect([...gradients.rows!.dataSync()]).toEqual([0, 0, 0, 0]);
  });

  it('must be at least as long as a batch', () => {
    expect(() => nearestInQueue(queue, rows)).toThrow('A queue of 2 rows cannot take a batch of 3');
  });
});

describe('SimSiam', () => {
  const [a, b] = [tf.tensor2d([[3, 4]]), tf.tensor2d([[4, 3]])];

  it('is the mean negative cosine between predictions and the other projections', () => {
    const loss = simsiam({ projected: a, predicted: a }, { projected: b, predicted: a });
    // cos(a, b) = 24/25, cos(a, a) = 1.
    expect(loss.dataSync()[0]).toBeCloseTo(-(24 / 25 + 1) / 2, 6);
  });

  it('passes gradients to predictions, never to their targets', () => {
    const differentiateBoth = (projected: tf.Tensor2D, predicted: tf.Tensor2D) =>
      differentiate({ projected, predicted }, (moved) => {
        const first = { projected: moved.projected as tf.Tensor2D, predicted: a };
        const second = { projected: b, predicted: moved.predicted as tf.Tensor2D };
        return { value: simsiam(first, second), terms: {} };
      }).gradients;
    const gradients = differentiateBoth(b, a);
    expect([...gradients.projected!.dataSync()]).toEqual([0, 0]);
    // Descent turns the prediction from a towards b, its target: from (3, 4) towards (4, 3).
    const [x, y] = gradients.predicted!.dataSync();
    expect(x).toBeLessThan(0);
    expect(y).toBeGreaterThan(0);
  });
});

it('nearest-text contrasts images with the queued texts nearest to their own, and queues their own', () => {
  const image = tf.eye(2);
  const text = tf.tensor2d([
    [2, 1],
    [-1, 3],
  ]);
  const queue = tf.tensor2d([
    [5, 0],
    [0, 1],
    [-1, -1],
  ]);
  const parameters = { 'declip.queue': queue, logit_scale: tf.scalar(1) };
  const { loss, updates } = new NearestText().loss({
    representations: { image, text },
    parameters,
    settings: { queue: 3 },
  });
  expect(loss.dataSync()[0]).toBeCloseTo(infoNce(image, tf.eye(2), tf.scalar(Math.E)).dataSync()[0]!, 6);
  const [newest] = updates!['declip.queue']!.arraySync() as number[][];
  expect(newest![0]).toBeCloseTo(normalise(text).dataSync()[0]!, 6);
});
