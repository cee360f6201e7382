import '@tensorflow/tfjs-backend-cpu';
import { pluginMetadata } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { Siglip } from './index.js';

const method = new Siglip();

it('is ln 2 a pair when it knows nothing, at scale 1 and bias 0', async () => {
  await tf.setBackend('cpu');
  // Every image is at a right angle to every text: each of the B² questions is a toss-up, and the sum is divided by B.
  const { loss } = method.objective({
    representations: {
      image: tf.tensor2d([
        [3, 0],
        [5, 0],
        [1, 0],
      ]),
      text: tf.tensor2d([
        [0, 2],
        [0, 1],
        [0, 4],
      ]),
    },
    parameters: { 'siglip.logit_scale': tf.scalar(0), 'siglip.logit_bias': tf.scalar(0) },
    settings: {},
  });
  expect(loss.dataSync()[0]).toBeCloseTo(3 * Math.LN2, 5);
});

it('starts at ln 10 and -10, and does not let the scale decay that it does not use', () => {
  expect(method.parameters().map(({ init }) => init)).toEqual([
    { kind: 'constant', value: Math.log(10) },
    { kind: 'constant', value: -10 },
  ]);
  expect(method.frozen()).toEqual(['logit_scale']);
  expect(pluginMetadata(Siglip)).toMatchObject({ info: { id: 'siglip', extension: true } });
});
