import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Gloria } from './index.js';

const method = new Gloria();
const wave = (shape: [number, number, number], phase: number): tf.Tensor3D =>
  tf.tensor3d(
    Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => Math.sin(i * i * 0.37 + phase)),
    shape,
  );

beforeAll(() => tf.setBackend('cpu'));

describe('the objective', () => {
  const run = (words: tf.Tensor3D, mask: number[][], lambda = 1) => {
    const rows = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    const { loss, terms } = method.objective({
      representations: { image: rows, text: rows, regions: wave([2, 5, 3], 0), words, textMask: tf.tensor2d(mask) },
      parameters: { logit_scale: tf.scalar(0) },
      settings: { lambda },
    });
    return { loss: loss.dataSync()[0]!, local: terms.local?.dataSync()[0] ?? 0 };
  };
  const words = wave([2, 4, 3], 1);
  const mask = [
    [1, 1, 1, 0],
    [1, 1, 0, 0],
  ];
  // Unit vectors at scale 1: the contrast is -log(e / (e + 1)).
  const contrast = Math.log(1 + Math.exp(-1));

  it('adds λ times the local loss to that of CLIP', () => {
    const one = run(words, mask);
    expect(one.local).toBeGreaterThan(0);
    expect(one.loss).toBeCloseTo(contrast + one.local, 5);
    expect(run(words, mask, 2).loss).toBeCloseTo(contrast + 2 * one.local, 4);
    expect(run(words, mask, 0).loss).toBeCloseTo(contrast, 5);
  });

  it('does not mind the order of words, nor what stands in the padding', () => {
    const { local } = run(words, mask);
    const [a, b, c, padding] = tf.unstack(words, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    expect(run(tf.stack([b, a, c, padding], 1) as tf.Tensor3D, mask).local).toBeCloseTo(local, 4);
    expect(run(tf.stack([a, b, c, tf.mul(padding, 9)], 1) as tf.Tensor3D, mask).local).toBeCloseTo(local, 4);
    expect(run(tf.stack([tf.mul(a, -1), b, c, padding], 1) as tf.Tensor3D, mask).local).not.toBeCloseTo(local, 4);
  });
});
