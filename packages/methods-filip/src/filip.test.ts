import '@tensorflow/tfjs-backend-cpu';
import { use } from '@medbench/core';
import { Gpt77, gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { VitB16, vitModel } from '@medbench/encoders-vit';
import { countParameters, dualEncoder, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Filip } from './index.js';

const method = new Filip();
const settings = { variant: 'medbench', global: true, lambda: 2, width: 16, pairs: 'own' } as const;
const study = { ...settings, variant: 'study' } as const;

it('filip is CLIP plus the token-wise loss at its weight, or the token-wise loss alone', () => {
  expect(method.objectives(settings)).toEqual([use('clip'), use('filip', { weight: 2, width: 16 })]);
  expect(method.objectives({ ...settings, global: false })).toEqual([use('filip', { width: 16 })]);
});

describe('the variant of the study', () => {
  beforeAll(() => tf.setBackend('cpu'));
  const text = gptModel({ id: 't', contextLength: 6, vocabSize: 11, width: 64, layers: 1, embedDim: 32 });
  const vit = (activation: 'gelu' | 'quick-gelu') =>
    vitModel({ id: 'v', imageSize: 16, patchSize: 4, width: 64, layers: 2, embedDim: 32, activation });

  it('is the token-wise loss in the joint space alone', () => {
    expect(method.objectives(study)).toEqual([use('filip-joint', { pairs: 'own' })]);
  });

  it("has as many parameters as the study's model, and a projection of its own that starts anew: 149,620,737", () => {
    const sizes = { embedDim: 512, vocabSize: 49408 };
    const model = dualEncoder(new VitB16().build(sizes), new Gpt77().build(sizes));
    const towers = method.towers(model, study);
    expect(countParameters(towers.parameters)).toBe(149_620_737);
    const given = new Set(model.parameters.map(({ name }) => name));
    expect(towers.parameters.filter(({ name }) => !given.has(name)).map(({ name, shape }) => [name, shape])).toEqual([
      ['visual.token_proj', [768, 512]],
    ]);
    expect(towers.stages('image').at(-1)!.parameters).toContain('visual.token_proj');
  });

  it('embeds an image as a tower with exact GELU and that projection does', () => {
    const towers = method.towers(dualEncoder(vit('quick-gelu'), text), study);
    const parameters = Object.fromEntries(
      Object.entries(initialise(towers.parameters, 3)).map(([name, { data, shape }]) => [
        name,
        tf.tensor(data as Float32Array, [...shape]),
      ]),
    );
    const images = tf.randomNormal([2, 16, 16, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
    const embed = (activation: 'gelu' | 'quick-gelu') =>
      dualEncoder(vit(activation), text).encodeImage(
        { ...parameters, 'visual.proj': parameters['visual.token_proj']! },
        images,
      );
    const { embedding, tokenEmbeddings } = towers.encodeImage(parameters, images);
    expect([...embedding.dataSync()]).toEqual([...embed('gelu').embedding.dataSync()]);
    expect([...embedding.dataSync()]).not.toEqual([...embed('quick-gelu').embedding.dataSync()]);
    // The class token comes first among the tokens, and its embedding is the image's.
    expect(tokenEmbeddings!.shape).toEqual([2, 17, 32]);
    const first = tf.reshape(tf.slice(tokenEmbeddings!, [0, 0, 0], [2, 1, 32]), [2, 32]).dataSync();
    embedding.dataSync().forEach((value, i) => expect(Math.abs(value - first[i]!)).toBeLessThan(1e-5));
  });

  it('refuses an image tower without patches', () => {
    const resnet = resnetModel({ id: 'rn', imageSize: 64, baseWidth: 16, layers: [1, 1, 1, 1], embedDim: 32 });
    expect(() => method.towers(dualEncoder(resnet, text), study)).toThrow('which rn is not');
  });
});
