import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gptModel } from '@medbench/encoders-gpt';
import { countParameters, dualEncoder, freezeFraction, frozenPart, stageSizes } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { SwinBase, SwinTiny, swinModel } from './index.js';
import { mergeOrder, relativeIndex, reordering, rowMajor, shiftMask, windowOrder } from './windows.js';

const { published } = JSON.parse(readFileSync(new URL('../fixtures/timm.json', import.meta.url), 'utf8'));
const options = { embedDim: 512, vocabSize: 49408 };

describe.each([
  ['swin_tiny_patch4_window7_224', new SwinTiny(), 27_912_570],
  ['swin_base_patch4_window7_224', new SwinBase(), 87_267_512],
] as const)('%s', (name, encoder, parameters) => {
  const model = encoder.build(options);

  it('has the number of parameters of timm with a projection to 512', () => {
    expect(published[name].parameters).toBe(parameters);
    expect(countParameters(model.parameters)).toBe(parameters);
  });

  it('has the parameter names and shapes of timm', () => {
    const lines = model.parameters.map((spec) => `${spec.name} ${spec.shape.join(',')}\n`).sort();
    expect(createHash('sha256').update(lines.join('')).digest('hex')).toBe(published[name].sha256);
  });

  it('says how open_clip builds it', () =>
    expect(model.openClip).toEqual({ image_size: 224, timm_model_name: name, timm_pool: '', timm_proj: 'linear' }));
});

it('freezes by block across stages: half of the tiny one is the patch embedding and the first six blocks', () => {
  const text = gptModel({ id: 't', contextLength: 8, vocabSize: 64, width: 64, layers: 1, embedDim: 512 });
  const model = dualEncoder(new SwinTiny().build(options), text);
  const frozen = new Set(freezeFraction(model, 'image', 0.5));
  const { embedding, blocks } = stageSizes(model.image);
  expect(blocks).toHaveLength(12);
  const parameters = embedding + blocks.slice(0, 6).reduce((sum, size) => sum + size);
  expect(frozenPart(model, 'image', frozen)).toEqual({ blocks: '6 of 12', parameters });
  // What leads to a stage is frozen with its first block.
  expect(frozen.has('visual.trunk.layers.2.downsample.reduction.weight')).toBe(true);
  expect(frozen.has('visual.trunk.layers.2.blocks.2.norm1.weight')).toBe(false);
});

describe('orders of the tokens of a grid of 4 x 4 with windows of 2', () => {
  const plain = { side: 4, window: 2, shift: 0 };
  it('list windows one after the other, and shifted ones from the second row and column', () => {
    expect([...windowOrder(plain)]).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
    expect([...windowOrder({ ...plain, shift: 1 }).slice(0, 8)]).toEqual([5, 6, 9, 10, 7, 4, 11, 8]);
  });

  it('list merged tokens down the left column, then down the right', () =>
    expect([...mergeOrder(4).slice(0, 8)]).toEqual([0, 4, 1, 5, 2, 6, 3, 7]));

  it('are reached from each other by a permutation', () => {
    const [from, to] = [windowOrder({ ...plain, shift: 1 }), mergeOrder(4)];
    expect(reordering(from, to).map((position) => from[position]!)).toEqual(to);
    expect([...reordering(to, to)]).toEqual([...rowMajor(4)]);
  });

  it('have a bias for each offset, and a mask between tokens that the roll has brought together', () => {
    expect([...relativeIndex(2)]).toEqual([4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4]);
    const mask = shiftMask({ ...plain, shift: 1 });
    expect(mask.slice(0, 16).every((value) => value === 0)).toBe(true);
    // The second window holds columns 3 and 0 of rows 1 and 2.
    expect([...mask.slice(16, 20)]).toEqual([0, -1e9, 0, -1e9]);
    // In the last window no two tokens belong together.
    expect([...mask.slice(48)]).toEqual(Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 0 : -1e9)));
  });
});

it('refuses sizes that do not divide, and patches to drop', () => {
  const sizes = { id: 'x', imageSize: 32, width: 8, depths: [2, 2], heads: [1, 2], window: 4, embedDim: 8 };
  expect(() => swinModel({ ...sizes, imageSize: 40 })).toThrow('x: 40 pixels do not divide into patches of 4');
  expect(() => swinModel({ ...sizes, heads: [3, 2] })).toThrow('or the widths into 3, 2 heads');
  expect(() => swinModel(sizes).forward({}, {} as never, { keptPatches: {} as never })).toThrow(
    'x has no patches to drop',
  );
});
