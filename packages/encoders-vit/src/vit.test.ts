import { gptModel } from '@medbench/encoders-gpt';
import { countParameters, dualEncoder, freezeBlocks, freezeFraction, stageSizes } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { VitB16, VitB32, vitModel } from './index.js';

const built = (encoder: InstanceType<typeof VitB16>) => encoder.build({ embedDim: 512, vocabSize: 49408 });

describe('the number of parameters', () => {
  it.each([
    ['ViT-B/16', new VitB16(), 86_192_640],
    ['ViT-B/32', new VitB32(), 87_849_216],
  ] as const)('is the published number for %s', (_, encoder, expected) =>
    expect(countParameters(built(encoder).parameters)).toBe(expected),
  );
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

  it('freezes the same as six blocks do, and refuses more blocks than there are', () => {
    expect(freezeBlocks(model, 'image', 6)).toEqual([...frozen]);
    expect(() => freezeBlocks(model, 'image', 13)).toThrow('13 image blocks cannot be frozen: there are 12');
  });

  it('counts 7,087,872 parameters per block', () => {
    const { embedding, blocks, head } = stageSizes(built(new VitB16()));
    expect(blocks).toEqual(Array<number>(12).fill(7_087_872));
    // conv, class, positions, ln_pre; ln_post, proj
    expect(embedding).toBe(589_824 + 768 + 151_296 + 1_536);
    expect(head).toBe(1_536 + 393_216);
  });

  it('freezes nothing at fraction 0, and everything with the projection at fraction 1', () => {
    expect(freezeFraction(model, 'image', 0)).toEqual([]);
    expect(new Set(freezeFraction(model, 'image', 1))).toEqual(new Set(visual.map(({ name }) => name)));
  });
});

it('vitModel refuses sizes that do not divide', () => {
  const sizes = { id: 'x', imageSize: 30, patchSize: 8, width: 64, layers: 1, embedDim: 8 };
  expect(() => vitModel(sizes)).toThrow('do not divide');
});
