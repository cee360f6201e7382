import { gptModel } from '@medbench/encoders-gpt';
import { countParameters, dualEncoder, freezeFraction, frozenPart, initialise, stageSizes } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { ResNet50, ResNetDemo, resnetModel } from './index.js';

describe("CLIP's ResNet-50", () => {
  const model = new ResNet50().build({ embedDim: 1024, vocabSize: 49408 });
  const text = gptModel({ id: 't', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 1024 });
  const dualModel = dualEncoder(model, text);

  it('has the published number of parameters, alone and with its text tower', () => {
    expect(countParameters(model.parameters)).toBe(38_316_896);
    expect(countParameters(dualModel.parameters)).toBe(102_007_137);
  });

  it('has the published number of parameters in each stage', () => {
    const { embedding, blocks, head } = stageSizes(model);
    const stages = [3, 4, 6, 3].map((count, stage) => {
      const from = [0, 3, 7, 13][stage]!;
      return blocks.slice(from, from + count).reduce((sum, size) => sum + size);
    });
    expect(embedding).toBe(28_768);
    expect(stages).toEqual([215_808, 1_219_584, 7_098_368, 14_964_736]);
    expect(head).toBe(14_789_632);
  });

  it('has 55 batch norms over 26,624 channels, whose statistics are buffers', () => {
    const means = model.parameters.filter(({ name }) => name.endsWith('.running_mean'));
    expect(means).toHaveLength(55);
    expect(means.reduce((sum, { shape }) => sum + shape[0]!, 0)).toBe(26_624);
    expect(model.parameters.filter(({ buffer }) => buffer)).toHaveLength(2 * 55);
    expect(means.every(({ buffer }) => buffer)).toBe(true);
  });

  it('has tokens and pooled features of width 2048, and positions for 49 tokens and their mean', () => {
    expect(model.width).toBe(2048);
    const positions = model.parameters.find(({ name }) => name === 'attnpool.positional_embedding');
    expect(positions!.shape).toEqual([50, 2048]);
  });

  it('freezes by bottleneck: half means the stem and the first eight bottlenecks, with their statistics', () => {
    const frozen = new Set(freezeFraction(dualModel, 'image', 0.5));
    const { blocks } = stageSizes(model);
    const expected = 28_768 + blocks.slice(0, 8).reduce((sum, size) => sum + size);
    expect(frozenPart(dualModel, 'image', frozen)).toEqual({ blocks: '8 of 16', parameters: expected });
    expect(frozen.has('visual.layer3.0.bn2.running_var')).toBe(true);
    expect(frozen.has('visual.layer3.1.conv1.weight')).toBe(false);
  });
});

it('starts each bottleneck as its shortcut, and the pool with a standard deviation of 1 / sqrt(width)', () => {
  const model = new ResNetDemo().build({ embedDim: 64, vocabSize: 49408 });
  const values = initialise(model.parameters, 1);
  for (const [name, { data }] of Object.entries(values)) {
    if (/layer\d\.\d\.bn3\.weight$/.test(name)) expect(data.every((value) => value === 0)).toBe(true);
    else if (/(bn\d|downsample\.1)\.(weight|running_var)$/.test(name))
      expect(data.every((value) => value === 1)).toBe(true);
    else if (/attnpool\..*_proj\.weight$/.test(name)) {
      const square = Float64Array.from(data).reduce((sum, value) => sum + value ** 2, 0) / data.length;
      expect(Math.sqrt(square) * Math.sqrt(model.width)).toBeCloseTo(1, 1);
    }
  }
});

it('resnetModel refuses sizes that do not divide', () => {
  const sizes = { id: 'x', imageSize: 48, baseWidth: 16, layers: [1, 1, 1, 1], embedDim: 8 } as const;
  expect(() => resnetModel(sizes)).toThrow('do not divide');
  expect(() => resnetModel({ ...sizes, imageSize: 64, baseWidth: 5 })).toThrow('do not divide');
});
