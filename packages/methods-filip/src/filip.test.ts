import '@tensorflow/tfjs-backend-cpu';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16 } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import { infoNce, normalise } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { Filip } from './index.js';

const method = new Filip();
const model = dualEncoder(
  new VitB16().build({ embedDim: 512, vocabSize: 8 }),
  gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 512 }),
);

beforeAll(() => tf.setBackend('cpu'));

it('is InfoNCE where each side has one token', () => {
  const rows = (phase: number) =>
    normalise(
      tf.tensor2d(
        Array.from({ length: 12 }, (_, i) => Math.sin(i * i + phase)),
        [4, 3],
      ),
    );
  const [image, text] = [rows(0), rows(1)];
  const { loss } = method.objective({
    representations: {
      imageTokens: tf.reshape(image, [4, 1, 3]),
      textTokens: tf.reshape(text, [4, 1, 3]),
      textMask: tf.ones([4, 1]),
    },
    parameters: { 'filip.logit_scale': tf.scalar(2) },
    settings: { global: false, lambda: 1 },
  });
  expect(loss.dataSync()[0]).toBeCloseTo(infoNce(image, text, tf.scalar(Math.exp(2))).dataSync()[0]!, 5);
});

it('leaves alone what only the global embedding goes through, if there is no global loss', () => {
  expect(method.frozen(model, { global: true })).toEqual([]);
  expect(method.frozen(model, { global: false })).toEqual(['visual.proj', 'text_projection', 'logit_scale']);
});
