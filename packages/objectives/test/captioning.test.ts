import '@tensorflow/tfjs-backend-cpu';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB32 } from '@medbench/encoders-vit';
import { countParameters, dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { Captioning, CausalLm } from '../src/plugin.js';

beforeAll(() => tf.setBackend('cpu'));

it("captioning has as many parameters as open_clip's pooler and decoder", () => {
  const model = dualEncoder(
    new VitB32().build({ embedDim: 512, vocabSize: 49408 }),
    gptModel({ id: 't', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 }),
  );
  const captioning = new Captioning();
  // The decoder is as deep as the text tower unless `layers` is given.
  const parameters = captioning.parameters(model, { layers: 'auto', queries: 256 });
  expect(countParameters(parameters, ({ name }) => name.startsWith('coca.attn_pool.'))).toBe(1_446_400);
  expect(countParameters(parameters, ({ name }) => name.startsWith('coca.text_decoder.'))).toBe(100_967_424);
  expect(captioning.parameters(model, { layers: 1, queries: 256 }).length).toBeLessThan(parameters.length);
});

it('the loss is the mean over the tokens of the whole batch, not over captions', () => {
  // One caption has a loss of nine over three tokens, another a loss of zero over one token.
  const representations = { loss: tf.tensor1d([9, 0]), count: tf.tensor1d([3, 1]) };
  const input = { representations, parameters: {} };
  expect(new Captioning().loss({ ...input, settings: { layers: 1, queries: 1 } }).loss.dataSync()[0]).toBe(9 / 4);
  expect(new CausalLm().loss({ ...input, settings: {} }).loss.dataSync()[0]).toBe(9 / 4);
});

it('the loss is 0, not NaN, if no token counts', () => {
  const representations = { loss: tf.tensor1d([0]), count: tf.tensor1d([0]) };
  expect(new CausalLm().loss({ representations, parameters: {}, settings: {} }).loss.dataSync()[0]).toBe(0);
});
