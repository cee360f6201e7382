import '@tensorflow/tfjs-backend-cpu';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB32, vitModel } from '@medbench/encoders-vit';
import { countParameters, dualEncoder, initialise, multimodalDecoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Captioning, CaptioningPooled, CausalLm } from '../src/plugin.js';

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

describe('captioning-pooled', () => {
  const sizes = { width: 64, layers: 1, embedDim: 8 };
  const model = dualEncoder(
    vitModel({ id: 'v', imageSize: 16, patchSize: 8, ...sizes }),
    gptModel({ id: 't', contextLength: 6, vocabSize: 11, ...sizes }),
  );
  const objective = new CaptioningPooled();
  // Start mark 9, end mark 10; the word with id 0 inside the second caption counts as padding.
  const ids = [
    [9, 3, 10, 0, 0, 0],
    [9, 5, 0, 7, 10, 0],
  ];

  it.each([
    [0, [3, 4]],
    [1, [2, 3]],
  ] as const)(
    'with shift %i counts %j labels, and compares each with the token read that far before',
    (shift, count) => {
      const settings = { layers: 1, shift };
      const specs = [...model.parameters, ...objective.parameters(model, settings)];
      const parameters = Object.fromEntries(
        Object.entries(initialise(specs, 5)).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
      );
      const images = tf.randomNormal([2, 16, 16, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
      const batch = { images, ids: tf.tensor2d(ids, [2, 6], 'int32'), inputs: {} };
      const actual = objective.represent({ model, parameters, batch, settings });
      expect([...actual.count.dataSync()]).toEqual(count);
      const logits = multimodalDecoder(
        parameters,
        'coca.text_decoder.',
        model.encodeText(parameters, batch.ids).hidden!,
        model.encodeImage(parameters, images).tokens,
        { layers: 1, headCount: 1, activation: 'gelu' },
      ).arraySync();
      const expected = ids.map((row, b) =>
        row.slice(shift).reduce((sum, label, t) => {
          const position = logits[b]![t]!;
          const total = Math.log(position.reduce((all, value) => all + Math.exp(value), 0));
          return label === 0 ? sum : sum + total - position[label]!;
        }, 0),
      );
      [...actual.loss.dataSync()].forEach((value, b) => expect(Math.abs(value - expected[b]!)).toBeLessThan(1e-4));
    },
  );

  it('refuses image tokens that are wider than those of the text', () => {
    const wide = dualEncoder(new VitB32().build({ embedDim: 8, vocabSize: 11 }), model.text);
    expect(() => objective.parameters(wide, { layers: 1, shift: 1 })).toThrow(
      'reads image tokens of the width of the text, 64; those of vit-b-32 are 768 wide',
    );
  });
});
