import '@tensorflow/tfjs-backend-cpu';
import { type ForwardOptions, pluginMetadata, random } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16, VitB32, vitModel } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Flip } from './index.js';

const text = gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 8 });
const options = { embedDim: 8, vocabSize: 8 };
const method = new Flip();
const kept = (model: Parameters<Flip['inputs']>[0], ratio: number) =>
  method.inputs(model, { ratio, tuning: 0.03 }).kept!;

describe('patches', () => {
  // arXiv:2212.00794: half and a quarter of 196; of 49, rounded down. The study of arXiv:2406.07450: 147 and 29 of 196.
  it.each([
    [new VitB16(), 0.5, 98],
    [new VitB16(), 0.75, 49],
    [new VitB16(), 0.25, 147],
    [new VitB16(), 0.85, 29],
    [new VitB32(), 0.5, 24],
    [new VitB32(), 0.75, 12],
    [new VitB32(), 0.99, 1],
  ])('are kept in the published numbers', (encoder, ratio, count) => {
    expect(kept(dualEncoder(encoder.build(options), text), ratio).shape).toEqual([count]);
  });

  it('are drawn anew for each example, without repeats, in ascending order', () => {
    const { draw } = kept(dualEncoder(new VitB16().build(options), text), 0.5);
    const example = { image: { width: 1, height: 1, channels: 1, data: new Uint8Array(1) }, caption: '' } as const;
    const [drawn, sameSeed, otherSeed] = [
      draw(example, random(1, 'a')),
      draw(example, random(1, 'a')),
      draw(example, random(2, 'a')),
    ];
    expect(sameSeed).toEqual(drawn);
    expect(otherSeed).not.toEqual(drawn);
    expect([...drawn]).toEqual([...new Set(drawn)].sort((a, b) => a - b));
    expect(Math.max(...drawn)).toBeLessThan(196);
  });

  it('reach the image tower if they are kept', () => {
    const optionsSeen: (ForwardOptions | undefined)[] = [];
    const model = dualEncoder(
      vitModel({ id: 'v', imageSize: 16, patchSize: 8, width: 64, layers: 1, embedDim: 8 }),
      text,
    );
    const embedding = tf.zeros([1, 8]) as tf.Tensor2D;
    const output = { embedding, pooled: embedding, tokens: tf.zeros([1, 1, 8]) as tf.Tensor3D };
    const spy = {
      ...model,
      encodeImage: (_parameters: unknown, _images: unknown, forwardOptions?: ForwardOptions) => {
        optionsSeen.push(forwardOptions);
        return output;
      },
      encodeText: () => output,
    };
    const indices = tf.tensor2d([[2]], [1, 1], 'int32');
    const batch = { images: tf.zeros([1, 16, 16, 3]), ids: tf.zeros([1, 4], 'int32') };
    const input = { model: spy, parameters: {}, settings: {} };
    method.represent({ ...input, batch: { ...batch, inputs: { kept: indices } } } as never);
    method.represent({ ...input, batch: { ...batch, inputs: {} } } as never);
    expect(optionsSeen).toEqual([{ keptPatches: indices }, {}]);
  });
});

it('flip ends on all patches, and uses all patches throughout at ratio 0', () => {
  expect(method.phases({ ratio: 0.75, tuning: 0.25 })).toEqual([
    { share: 0.75, settings: { ratio: 0.75, tuning: 0.25 } },
    { share: 0.25, settings: { ratio: 0, tuning: 0.25 } },
  ]);
  expect(method.phases({ ratio: 0, tuning: 0.25 }).map(({ share }) => share)).toEqual([0, 1]);
  expect(method.phases({ ratio: 0.5, tuning: 0 })[0]).toEqual({ share: 1, settings: { ratio: 0.5, tuning: 0 } });
  expect(pluginMetadata(Flip)).toMatchObject({ info: { id: 'flip', question: 'granularity', extension: false } });
});
