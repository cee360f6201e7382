import '@tensorflow/tfjs-backend-cpu';
import './gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { infoNce, normalise } from './index.js';
import { goldenCases } from './testing/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The golden losses as functions of their float inputs. */
const losses = goldenCases.filter(({ expected }) => expected.loss?.length === 1 && expected.loss[0]! > 1e-3);

describe.each(losses.map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const names = Object.keys(golden.inputs).filter(
    (name) => golden.inputs[name]!.dtype === 'float32' && name !== 'mask',
  );
  const tensors = () =>
    Object.fromEntries(
      Object.entries(golden.inputs).map(([name, { data, shape, dtype }]) => [name, tf.tensor(data, [...shape], dtype)]),
    );
  const computeLoss = (inputs: Record<string, tf.Tensor>): tf.Scalar => tf.sum(golden.run(inputs).loss!) as tf.Scalar;

  it('has the gradient that central differences give', () => {
    const fixed = tensors();
    const gradients = tf.grads((...values: tf.Tensor[]) =>
      computeLoss({ ...fixed, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) }),
    )(names.map((name) => fixed[name]!));
    names.forEach((name, i) => {
      const gradient = gradients[i]!.dataSync();
      const largest = Math.max(...gradient.map(Math.abs), 1e-2);
      const { data, shape } = golden.inputs[name]!;
      for (let k = 0; k < data.length; k += Math.ceil(data.length / 5)) {
        const lossAt = (step: number): number => {
          const moved = Float32Array.from(data);
          moved[k]! += step;
          return computeLoss({ ...fixed, [name]: tf.tensor(moved, [...shape]) }).dataSync()[0]!;
        };
        // In float32, the difference of two losses has about three digits.
        expect(Math.abs((lossAt(2e-3) - lossAt(-2e-3)) / 4e-3 - gradient[k]!)).toBeLessThan(0.02 * largest + 2e-3);
      }
    });
  });
});

describe('InfoNCE', () => {
  const image = () => normalise(tf.randomNormal([5, 4], 0, 1, 'float32', 3) as tf.Tensor2D);
  const text = () => normalise(tf.randomNormal([5, 4], 0, 1, 'float32', 4) as tf.Tensor2D);
  const value = (u: tf.Tensor2D, w: tf.Tensor2D, scale = 7): number => infoNce(u, w, tf.scalar(scale)).dataSync()[0]!;

  it('has the golden gradients at s = 1/0.07', () => {
    const { image: raw, text: words } = goldenCases.find(({ name }) => name === 'InfoNCE, s = 1')!.inputs;
    const a = tf.scalar(Math.log(1 / 0.07));
    const [byImage, byScale] = tf.grads((u: tf.Tensor, log: tf.Tensor) =>
      infoNce(normalise(u as tf.Tensor2D), normalise(tf.tensor(words!.data, [4, 3]) as tf.Tensor2D), tf.exp(log)),
    )([tf.tensor(raw!.data, [4, 3]), a]);
    const rows = byImage!.dataSync();
    [-0.0755484937, 0.0638683622, 0.038949322].forEach((expected, k) => expect(rows[k]).toBeCloseTo(expected, 5));
    [2.1258504308, -0.8925702852, -1.2462034338].forEach((expected, k) => expect(rows[6 + k]).toBeCloseTo(expected, 4));
    expect(byScale!.dataSync()[0]).toBeCloseTo(11.8312517009, 4);
  });

  it('does not change if both sides are permuted alike or the modalities are swapped', () => {
    const order = tf.tensor1d([3, 1, 4, 0, 2], 'int32');
    const [u, w] = [image(), text()];
    expect(value(tf.gather(u, order), tf.gather(w, order))).toBeCloseTo(value(u, w), 5);
    expect(value(w, u)).toBeCloseTo(value(u, w), 6);
  });

  it('is finite for logits of 1e4', () => expect(Number.isFinite(value(image(), text(), 1e4))).toBe(true));

  it('does not depend on the length of raw embeddings', () => {
    const raw = tf.randomNormal([5, 4], 0, 1, 'float32', 3) as tf.Tensor2D;
    expect(value(normalise(tf.mul(raw, 50) as tf.Tensor2D), text())).toBeCloseTo(value(image(), text()), 5);
  });
});
