import '@tensorflow/tfjs-backend-cpu';
import { type DualEncoderModel, type HostTensor, use } from '@medbench/core';
import { Gpt77, gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { VitB16, vitModel } from '@medbench/encoders-vit';
import { countParameters, dualEncoder, initialise } from '@medbench/nn';
import { CaptioningPooled } from '@medbench/objectives/plugin';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Coca } from './index.js';

const method = new Coca();
const settings = { variant: 'study', caption: 2, layers: 'auto', queries: 5, shift: 0 } as const;

it('coca is CLIP plus the captioning loss at its weight', () => {
  expect(method.objectives({ ...settings, variant: 'medbench', caption: 3 })).toEqual([
    use('clip'),
    use('captioning', { weight: 3, layers: 'auto', queries: 5 }),
  ]);
});

describe('the variant of the study', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('is CLIP plus captioning from the pooled tokens', () => {
    expect(method.objectives(settings)).toEqual([
      use('clip'),
      use('captioning-pooled', { weight: 2, layers: 'auto', shift: 0 }),
    ]);
  });

  it("has as many parameters as the study's model: 251,903,489", () => {
    const sizes = { embedDim: 512, vocabSize: 49408 };
    const model = dualEncoder(new VitB16().build(sizes), new Gpt77().build(sizes));
    const towers = method.towers(model, { ...settings, queries: 256 });
    const decoder = new CaptioningPooled().parameters(towers, { layers: 'auto', shift: 0 });
    expect(countParameters([...towers.parameters, ...decoder])).toBe(251_903_489);
  });

  it('keeps every parameter of both towers in exactly one stage', () => {
    const towers = method.towers(small(), settings);
    const staged = (['image', 'text'] as const).flatMap((tower) =>
      towers.stages(tower).flatMap(({ parameters }) => [...parameters]),
    );
    expect([...staged, 'logit_scale'].sort()).toEqual(towers.parameters.map(({ name }) => name).sort());
  });

  it('pools by one query for the contrast and the others for the decoder, and reads all ids but the last', () => {
    const towers = method.towers(small(), settings);
    const parameters = values(towers);
    const image = towers.encodeImage(parameters, tf.randomNormal([2, 16, 16, 3], 0, 1, 'float32', 1));
    expect([image.tokens.shape, image.pooled.shape, image.embedding.shape]).toEqual([
      [2, 4, 64],
      [2, 64],
      [2, 32],
    ]);
    const text = towers.encodeText(parameters, tf.tensor2d([[9, 3, 4, 10, 0, 0]], [1, 6], 'int32'));
    expect([text.hidden!.shape, text.tokenEmbeddings!.shape, text.embedding.shape]).toEqual([
      [1, 5, 64],
      [1, 5, 32],
      [1, 32],
    ]);
  });

  it('refuses an image tower without patches, and a single query', () => {
    const resnet = dualEncoder(
      resnetModel({ id: 'rn', imageSize: 64, baseWidth: 16, layers: [1, 1, 1, 1], embedDim: 32 }),
      small().text,
    );
    expect(() => method.towers(resnet, settings)).toThrow('which rn is not');
    expect(() => method.towers(small(), { ...settings, queries: 1 })).toThrow('at least 2 queries, not 1');
  });

  it('names a text tower that cannot append a token', () => {
    const { image, text } = small();
    const deaf = { ...text, id: 'deaf', forward: (p: never, ids: never) => text.forward(p, ids) };
    const towers = method.towers(dualEncoder(image, deaf as never), settings);
    expect(() => towers.encodeText(values(towers), tf.zeros([1, 6], 'int32')).hidden).toThrow('which deaf cannot');
  });
});

/** Two blocks of width 64 on 16 patches and 6 tokens. */
function small(): DualEncoderModel {
  return dualEncoder(
    vitModel({ id: 'v', imageSize: 16, patchSize: 4, width: 64, layers: 2, embedDim: 32 }),
    gptModel({ id: 't', contextLength: 6, vocabSize: 11, width: 64, layers: 2, embedDim: 32 }),
  );
}

const values = ({ parameters }: DualEncoderModel) =>
  Object.fromEntries(
    Object.entries(initialise(parameters, 3)).map(([name, { data, shape }]: [string, HostTensor]) => [
      name,
      tf.tensor(data as Float32Array, [...shape]),
    ]),
  );
