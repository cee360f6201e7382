import type { HostTensors, ImageEncoderModel, TextEncoderModel } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { Checkpoint } from '@medbench/weights';
import { expect, it } from 'vitest';
import { recogniseCheckpoint } from './checkpoint.js';

const WORDS = 'transformer.embeddings.word_embeddings.weight';
const tensor = (...shape: number[]) => ({ shape, dtype: 'float32', data: new Float32Array(0) }) as const;
const spec = (name: string, shape: number[]) => ({ name, shape, init: { kind: 'constant', value: 0 } }) as const;

/** An encoder of one parameter. */
const image = (width: number) => ({
  build: () => ({ imageSize: 8, parameters: [spec('w', [width])] }) as unknown as ImageEncoderModel,
});
const text = (pooler: string) => ({
  build: ({ vocabSize, contextLength = 4 }: { vocabSize: number; contextLength?: number }) => {
    if (contextLength > 8) throw new RangeError('too long');
    const openClip = { hf_pooler_type: pooler, hf_model_name: './bert' };
    return { contextLength, parameters: [spec(WORDS, [vocabSize, 2])], openClip } as unknown as TextEncoderModel;
  },
});
const ENCODERS = {
  ...{ small: image(2), large: image(3) },
  ...{ mean: text('mean_pooler'), first: text('cls_last_hidden_state_pooler') },
};
const MODALITY = { small: 'image', large: 'image', mean: 'text', first: 'text' };
const catalogue = {
  entries: Object.entries(MODALITY).map(([id, modality]) => ({ kind: 'encoder', id, info: { id, modality } })),
} as unknown as Catalogue;
const registry = { get: async (_kind: string, id: keyof typeof ENCODERS) => ENCODERS[id] } as unknown as Registry;
const tensors: HostTensors = { 'visual.w': tensor(3), [WORDS]: tensor(10, 2), logit_scale: tensor() };
const checkpoint = (pooler: string, context: number): Checkpoint => ({
  ...{ tensors, file: 'f', embedDim: 7, activation: 'gelu', vocabulary: './folder' },
  openClip: {
    embed_dim: 7,
    vision_cfg: {},
    text_cfg: { hf_pooler_type: pooler, hf_model_name: 'x', context_length: context },
  },
});
const recognise = (given: Checkpoint) => recogniseCheckpoint(given, { catalogue, registry });

it('the encoders are those with the parameters of the file, and of equal ones that which pools as its configuration says', async () => {
  const found = await recognise(checkpoint('cls_last_hidden_state_pooler', 6));
  expect(found.encoders).toEqual({ image: 'large', text: 'first' });
  expect(found.model).toEqual({
    ...{ embedDim: 7, activation: 'gelu', merges: null, vocabulary: './folder', contextLength: 6 },
  });
  expect((await recognise(checkpoint('mean_pooler', 6))).encoders.text).toBe('mean');
});

it('a tower that no encoder has, and a vocabulary that is missing, are named', async () => {
  await expect(recognise(checkpoint('mean_pooler', 9))).rejects.toThrow('the parameters of the text tower of f');
  const { vocabulary: _, ...without } = checkpoint('mean_pooler', 6);
  await expect(recognise(without)).rejects.toThrow('whose vocabulary is not beside it');
});
