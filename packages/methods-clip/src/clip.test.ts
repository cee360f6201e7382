import '@tensorflow/tfjs-backend-cpu';
import { pluginMetadata } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { Clip } from './index.js';

const rows = (value: (i: number, k: number) => number): tf.Tensor2D =>
  tf.tensor2d(Array.from({ length: 4 }, (_, i) => Array.from({ length: 3 }, (_, k) => value(i, k))));

it('is the symmetric InfoNCE loss of the two towers, at the learned scale', async () => {
  await tf.setBackend('cpu');
  // The deterministic embeddings of the golden tests: float64 says 12.2888009067 at s = 1/0.07.
  const { loss, terms } = new Clip().objective({
    representations: {
      image: rows((i, k) => Math.sin(3 * i + k + 1)),
      text: rows((i, k) => Math.cos(2 * i + 0.5 * k)),
    },
    parameters: { logit_scale: tf.scalar(Math.log(1 / 0.07)) },
    settings: {},
  });
  expect(loss.dataSync()[0]).toBeCloseTo(12.2888009067, 4);
  expect(terms.imageToText!.dataSync()[0]).toBeCloseTo(12.5344752358, 4);
  expect(terms.textToImage!.dataSync()[0]).toBeCloseTo(12.0431265777, 4);
});

it('starts from general weights and freezes nothing', () => {
  const method = new Clip();
  expect(method.start).toBe('general');
  expect('frozen' in method).toBe(false);
  expect(pluginMetadata(Clip)).toMatchObject({ kind: 'method', info: { id: 'clip', extension: false } });
});
