import '@tensorflow/tfjs-backend-cpu';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16 } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { infoNce, normalise } from '../src/index.js';
import { FilipObjective, GloriaObjective, Sparc } from '../src/plugin.js';

const model = dualEncoder(
  new VitB16().build({ embedDim: 512, vocabSize: 8 }),
  gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 512 }),
);
const wave = (shape: [number, number, number], phase: number): tf.Tensor3D =>
  tf.tensor3d(
    Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => Math.sin(i * i * 0.37 + phase)),
    shape,
  );
const settings = { width: 3 };

beforeAll(() => tf.setBackend('cpu'));

it('filip is InfoNCE if each side has one token', () => {
  const rows = (phase: number) => normalise(tf.reshape(wave([1, 4, 3], phase), [4, 3]) as tf.Tensor2D);
  const [image, text] = [rows(0), rows(1)];
  const { loss } = new FilipObjective().loss({
    representations: { image: tf.reshape(image, [4, 1, 3]), text: tf.reshape(text, [4, 1, 3]), mask: tf.ones([4, 1]) },
    parameters: { 'filip.logit_scale': tf.scalar(2) },
    settings,
  });
  expect(loss.dataSync()[0]).toBeCloseTo(infoNce(image, text, tf.scalar(Math.exp(2))).dataSync()[0]!, 5);
});

it.each([new FilipObjective(), new GloriaObjective(), new Sparc()])(
  'parameters that only the global embeddings use are idle in $constructor.name',
  (objective) => expect(objective.idle(model)).toEqual(['visual.proj', 'text_projection', 'logit_scale']),
);

describe('gloria', () => {
  const run = (words: tf.Tensor3D, mask: number[][]) =>
    new GloriaObjective()
      .loss({
        representations: { regions: wave([2, 5, 3], 0), words, mask: tf.tensor2d(mask) },
        parameters: {},
        settings,
      })
      .loss.dataSync()[0]!;
  const words = wave([2, 4, 3], 1);
  const mask = [
    [1, 1, 1, 0],
    [1, 1, 0, 0],
  ];

  it('depends neither on the order of words nor on the padding', () => {
    const local = run(words, mask);
    const [a, b, c, padding] = tf.unstack(words, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    expect(local).toBeGreaterThan(0);
    expect(run(tf.stack([b, a, c, padding], 1) as tf.Tensor3D, mask)).toBeCloseTo(local, 4);
    expect(run(tf.stack([a, b, c, tf.mul(padding, 9)], 1) as tf.Tensor3D, mask)).toBeCloseTo(local, 4);
    expect(run(tf.stack([tf.mul(a, -1), b, c, padding], 1) as tf.Tensor3D, mask)).not.toBeCloseTo(local, 4);
  });
});

it('sparc is 0 if each caption has one word', () => {
  const word = normalise(wave([2, 1, 3], 2));
  const representations = { image: normalise(wave([2, 5, 3], 0)), text: word, mask: tf.ones([2, 1]) as tf.Tensor2D };
  const parameters = { 'sparc.logit_scale': tf.scalar(1) };
  expect(new Sparc().loss({ representations, parameters, settings }).loss.dataSync()[0]).toBeCloseTo(0, 6);
});
