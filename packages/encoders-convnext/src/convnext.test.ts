import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gptModel } from '@medbench/encoders-gpt';
import { countParameters, dualEncoder, freezeFraction, frozenPart, initialise, stageSizes } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { ConvNextBase, ConvNextDemo, ConvNextTiny, convNextModel } from './index.js';

const { published } = JSON.parse(readFileSync(new URL('../fixtures/timm.json', import.meta.url), 'utf8'));
const options = { embedDim: 512, vocabSize: 49408 };

describe.each([
  ['convnext_tiny', new ConvNextTiny(), 28_213_344],
  ['convnext_base', new ConvNextBase(), 88_090_752],
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

it('freezes by block across stages: half of the tiny one is the stem and the first nine blocks', () => {
  const text = gptModel({ id: 't', contextLength: 8, vocabSize: 64, width: 64, layers: 1, embedDim: 512 });
  const model = dualEncoder(new ConvNextTiny().build(options), text);
  const frozen = new Set(freezeFraction(model, 'image', 0.5));
  const { embedding, blocks } = stageSizes(model.image);
  expect(blocks).toHaveLength(18);
  const parameters = embedding + blocks.slice(0, 9).reduce((sum, size) => sum + size);
  expect(frozenPart(model, 'image', frozen)).toEqual({ blocks: '9 of 18', parameters });
  // What leads to a stage is frozen with its first block.
  expect(frozen.has('visual.trunk.stages.2.downsample.1.weight')).toBe(true);
  expect(frozen.has('visual.trunk.stages.2.blocks.3.gamma')).toBe(false);
});

it('starts with a layer scale of 1e-6, so that each block is nearly its shortcut', () => {
  const values = initialise(new ConvNextDemo().build({ ...options, embedDim: 64 }).parameters, 1);
  const scales = Object.entries(values).filter(([name]) => name.endsWith('.gamma'));
  expect(scales).toHaveLength(6);
  for (const [, { data }] of scales) expect(new Set(data)).toEqual(new Set([Math.fround(1e-6)]));
});

it('refuses sizes that its strides do not divide, and patches to drop', () => {
  const sizes = { id: 'x', imageSize: 48, widths: [8, 8, 8, 8], depths: [1, 1, 1, 1], embedDim: 8 } as const;
  expect(() => convNextModel(sizes)).toThrow('x: 48 pixels do not divide by the strides');
  expect(() =>
    convNextModel({ ...sizes, imageSize: 64 }).forward({}, {} as never, { keptPatches: {} as never }),
  ).toThrow('x has no patches to drop');
});
