import { Gpt77Wide, gptModel } from '@medbench/encoders-gpt';
import { countParameters, dualEncoder, freezeBlocks, freezeFraction, stageSizes } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { SiglipVitB16, TimmVitB16, timmVitModel, VitB16, VitB32, VitL14, VitL14At336, vitModel } from './index.js';

const built = (encoder: InstanceType<typeof VitB16>) => encoder.build({ embedDim: 512, vocabSize: 49408 });

describe('the number of parameters', () => {
  it.each([
    ['ViT-B/16', new VitB16(), 86_192_640],
    ['ViT-B/32', new VitB32(), 87_849_216],
  ] as const)('is the published number for %s', (_, encoder, expected) =>
    expect(countParameters(built(encoder).parameters)).toBe(expected),
  );
});

describe("CLIP's ViT-L/14", () => {
  const wide = { embedDim: 768, vocabSize: 49408 };
  it.each([
    ['224', new VitL14(), 303_966_208, 427_616_513],
    // 320 more patches have positions of width 1024.
    ['336', new VitL14At336(), 303_966_208 + 320 * 1024, 427_616_513 + 320 * 1024],
  ] as const)(
    'at %s pixels has the published number of parameters, alone and with its text tower',
    (_, encoder, alone, both) => {
      const image = encoder.build(wide);
      expect(countParameters(image.parameters)).toBe(alone);
      expect(countParameters(dualEncoder(image, new Gpt77Wide().build(wide)).parameters)).toBe(both);
    },
  );
});

describe("timm's towers", () => {
  it.each([
    // timm's numbers without a classifier, and a projection of open_clip.
    ['vit_base_patch16_224', new TimmVitB16(), 512, 85_798_656 + 768 * 512],
    ['vit_base_patch16_siglip_224', new SiglipVitB16(), 768, 92_884_224],
    ['vit_base_patch16_siglip_224, projected', new SiglipVitB16(), 512, 92_884_224 + 768 * 512],
  ] as const)('have the number of parameters of %s', (_, encoder, embedDim, expected) =>
    expect(countParameters(encoder.build({ embedDim, vocabSize: 1 }).parameters)).toBe(expected),
  );

  it('say how open_clip builds them', () => {
    const cfg = (encoder: InstanceType<typeof TimmVitB16>, embedDim: number) =>
      encoder.build({ embedDim, vocabSize: 1 }).openClip;
    const common = { timm_model_pretrained: false, image_size: 224 };
    const [token, map] = ['vit_base_patch16_224', 'vit_base_patch16_siglip_224'];
    expect(cfg(new TimmVitB16(), 512)).toEqual({
      ...{ ...common, timm_model_name: token, timm_pool: '', timm_proj: 'linear' },
    });
    expect(cfg(new SiglipVitB16(), 768)).toEqual({
      ...{ ...common, timm_model_name: map, timm_pool: 'map', timm_proj: 'none' },
    });
    expect(cfg(new SiglipVitB16(), 512)).toMatchObject({ timm_pool: 'map', timm_proj: 'linear' });
  });

  it('refuse sizes that do not divide', () => {
    const sizes = { id: 'x', imageSize: 30, patchSize: 8, width: 64, layers: 1, embedDim: 8 };
    expect(() => timmVitModel({ ...sizes, pooling: 'map' })).toThrow('do not divide');
  });
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
