import '@tensorflow/tfjs-backend-cpu';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClipObjective, Cyclip, SiglipObjective } from '../src/plugin.js';

const rows = (value: (i: number, k: number) => number): tf.Tensor2D =>
  tf.tensor2d(Array.from({ length: 4 }, (_, i) => Array.from({ length: 3 }, (_, k) => value(i, k))));
const model = dualEncoder(
  vitModel({ id: 'v', imageSize: 16, patchSize: 4, width: 64, layers: 1, embedDim: 8 }),
  gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 8 }),
);

beforeAll(() => tf.setBackend('cpu'));

it('clip is the symmetric InfoNCE loss of the two towers, at the learned scale', () => {
  // The deterministic embeddings of the golden tests: float64 says 12.2888009067 at s = 1/0.07.
  const { loss, terms } = new ClipObjective().loss({
    representations: {
      image: rows((i, k) => Math.sin(3 * i + k + 1)),
      text: rows((i, k) => Math.cos(2 * i + 0.5 * k)),
    },
    parameters: { logit_scale: tf.scalar(Math.log(1 / 0.07)) },
    settings: {},
  });
  expect(loss.dataSync()[0]).toBeCloseTo(12.2888009067, 4);
  expect(terms!.imageToText!.dataSync()[0]).toBeCloseTo(12.5344752358, 4);
  expect(terms!.textToImage!.dataSync()[0]).toBeCloseTo(12.0431265777, 4);
});

describe('siglip', () => {
  const siglip = new SiglipObjective();

  it('is B ln 2 if it cannot tell pairs apart, at scale 1 and bias 0', () => {
    // Every image is orthogonal to every text: each of the B² questions is a toss-up, and the sum is divided by B.
    const { loss } = siglip.loss({
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

  it('starts at a log scale of ln 10 and a bias of -10, and leaves the logit scale of CLIP idle', () => {
    expect(siglip.parameters().map(({ init }) => init)).toEqual([
      { kind: 'constant', value: Math.log(10) },
      { kind: 'constant', value: -10 },
    ]);
    expect(siglip.idle(model)).toEqual(['logit_scale']);
  });
});

it('cyclip is 0 if images are as similar as their texts, in both directions', () => {
  const run = (image: tf.Tensor2D, text: tf.Tensor2D) =>
    new Cyclip().loss({ representations: { image, text }, parameters: {}, settings: {} }).loss.dataSync()[0]!;
  const image = rows((i, k) => Math.sin(3 * i + k + 1));
  // The length of an embedding does not count.
  expect(run(image, tf.mul(image, 2))).toBeCloseTo(0, 6);
  expect(
    run(
      image,
      rows((i, k) => Math.cos(2 * i + 0.5 * k)),
    ),
  ).toBeGreaterThan(0.1);
});
