import { gptModel } from '@medbench/encoders-gpt';
import { countParameters, dualEncoder, freezeFraction } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { VitB16, VitB32, vitModel } from './index.js';

const built = (encoder: VitB16 | VitB32) => encoder.build({ embedDim: 512, vocabSize: 49408 });

describe('published sizes have the published number of parameters', () => {
  it.each([
    ['ViT-B/16', new VitB16(), 86_192_640],
    ['ViT-B/32', new VitB32(), 87_849_216],
  ] as const)('%s', (_, encoder, expected) => expect(countParameters(built(encoder).parameters)).toBe(expected));
});

describe('half of ViT-B/16 frozen', () => {
  const text = gptModel({ id: 't', contextLength: 77, vocabSize: 512, width: 64, layers: 2, embedDim: 512 });
  const model = dualEncoder(built(new VitB16()), text);
  const frozen = new Set(freezeFraction(model, 'image', 0.5));
  const visual = model.parameters.filter(({ name }) => name.startsWith('visual.'));

  it('freezes 43,270,656 parameters and trains 42,921,984', () => {
    expect(countParameters(visual, ({ name }) => frozen.has(name))).toBe(43_270_656);
    expect(countParameters(visual, ({ name }) => !frozen.has(name))).toBe(42_921_984);
  });

  it('freezes nothing at 0, everything with the projection at 1', () => {
    expect(freezeFraction(model, 'image', 0)).toEqual([]);
    expect(new Set(freezeFraction(model, 'image', 1))).toEqual(new Set(visual.map(({ name }) => name)));
  });
});

it('refuses sizes that do not divide', () => {
  const sizes = { id: 'x', imageSize: 30, patchSize: 8, width: 64, layers: 1, embedDim: 8 };
  expect(() => vitModel(sizes)).toThrow('do not divide');
});
