import '@tensorflow/tfjs-backend-cpu';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB32 } from '@medbench/encoders-vit';
import { countParameters, dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Coca } from './index.js';

const method = new Coca();

beforeAll(() => tf.setBackend('cpu'));

it("has the published parameters of open_clip's pooler and decoder", () => {
  const model = dualEncoder(
    new VitB32().build({ embedDim: 512, vocabSize: 49408 }),
    gptModel({ id: 't', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 }),
  );
  // As deep as the text tower, unless it is said how deep.
  const own = method.parameters(model, { layers: 0, queries: 256 });
  expect(countParameters(own, ({ name }) => name.startsWith('coca.attn_pool.'))).toBe(1_446_400);
  expect(countParameters(own, ({ name }) => name.startsWith('coca.text_decoder.'))).toBe(100_967_424);
  expect(method.parameters(model, { layers: 1, queries: 256 }).length).toBeLessThan(own.length);
});

describe('the captioning loss', () => {
  const run = (caption: number) => {
    const rows = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    const { loss, terms } = method.objective({
      // Nine over the three tokens of one caption, nothing over the one of another.
      representations: {
        image: rows,
        text: rows,
        captionLoss: tf.tensor1d([9, 0]),
        captionTokens: tf.tensor1d([3, 1]),
      },
      parameters: { logit_scale: tf.scalar(0) },
      settings: { caption },
    });
    return { loss: loss.dataSync()[0]!, terms };
  };

  it('is the mean over the tokens of the whole batch, not of the captions', () => {
    // Unit vectors at scale 1: the contrast is -log(e / (e + 1)).
    const contrast = Math.log(1 + Math.exp(-1));
    expect(run(2).loss).toBeCloseTo(contrast + (2 * 9) / 4, 5);
    expect(run(0).loss).toBeCloseTo(contrast, 5);
  });
});
