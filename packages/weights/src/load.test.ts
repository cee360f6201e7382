import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensors } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkWeights, exportWeights, findWeights, fromHuggingFace, loadWeights, readSizes } from './index.js';

const spec = (name: string, shape: number[]) => ({ name, shape, init: { kind: 'constant', value: 0 } }) as const;
const tensor = (shape: number[]) => ({ shape, dtype: 'float32', data: new Float32Array(0) }) as const;

describe('checkWeights', () => {
  const specs = [spec('visual.proj', [4, 2]), spec('text_projection', [3, 2])];

  it('accepts what fits', () => {
    checkWeights({ 'visual.proj': tensor([4, 2]), text_projection: tensor([3, 2]) }, specs, 'w.safetensors');
  });

  it('lists what is missing, unexpected and of another shape, and names the file', () => {
    const weights = { 'visual.proj': tensor([2, 4]), extra: tensor([1]) };
    expect(() => checkWeights(weights, specs, 'w.safetensors')).toThrow(
      'w.safetensors does not fit the model: visual.proj is [2,4], expected [4,2]; text_projection is missing; extra is unexpected',
    );
  });
});

const towers = (imageSize: number) =>
  dualEncoder(
    vitModel({ id: 'v', imageSize, patchSize: 8, width: 64, layers: 1, embedDim: 16 }),
    gptModel({ id: 't', contextLength: 12, vocabSize: 40, width: 64, layers: 1, embedDim: 16 }),
  );
const model = towers(16);
const quick = { activation: 'quick-gelu' } as const;

describe('weights in and out', () => {
  let folder: string;
  let weights: HostTensors;
  const at = (...parts: string[]): string => join(folder, ...parts);
  const load = async (name: string, specs = model.parameters) => loadWeights(await findWeights(name), specs, quick);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'medbench-weights-'));
    weights = initialise(model.parameters, 1);
    await exportWeights(at('open_clip'), weights, { layout: 'open_clip', ...quick });
    await exportWeights(at('hf'), weights, { layout: 'hugging-face', ...quick });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['open_clip', 'hf'])('come back from the layout %s bit for bit', async (layout) => {
    const { tensors, notes } = await load(at(layout));
    expect(tensors).toEqual(weights);
    expect(notes).toEqual([]);
  });

  it.each(['image', 'text'] as const)(
    'go out one tower at a time, and the two make up the whole: %s',
    async (tower) => {
      const other = tower === 'image' ? 'text' : 'image';
      for (const one of [tower, other] as const) {
        await exportWeights(at(`of ${tower}`), weights, { layout: 'open_clip', tower: one, ...quick });
        await exportWeights(at(`hf ${one}`), weights, { layout: 'hugging-face', tower: one, ...quick });
      }
      const own = await readSafetensors(at(`of ${tower}`, `open_clip_${tower}.safetensors`));
      const rest = await readSafetensors(at(`of ${tower}`, `open_clip_${other}.safetensors`));
      expect(Object.keys(own.tensors)).toEqual(
        model
          .stages(tower)
          .flatMap(({ parameters }) => parameters)
          .sort(),
      );
      const { logit_scale: scale, ...both } = weights;
      expect(scale).toBeDefined();
      expect({ ...own.tensors, ...rest.tensors }).toEqual(both);
      const theirs = await readSafetensors(at(`hf ${tower}`, 'model.safetensors'));
      expect(fromHuggingFace(theirs.tensors)).toEqual(own.tensors);
      const config = JSON.parse(readFileSync(at(`hf ${tower}`, 'config.json'), 'utf8'));
      expect(config).toMatchObject({
        architectures: [tower === 'image' ? 'CLIPVisionModelWithProjection' : 'CLIPTextModelWithProjection'],
        hidden_size: 64,
        projection_dim: 16,
      });
    },
  );

  it('are described by their own shapes', () => {
    expect(readSizes(weights)).toEqual({
      embedDim: 16,
      image: { kind: 'vit', size: 16, patch: 8, width: 64, layers: 1 },
      text: { context: 12, vocabulary: 40, width: 64, layers: 1 },
    });
  });

  it('have their image positions resized for another image size, and say so', async () => {
    const { tensors, notes } = await load(at('open_clip'), towers(32).parameters);
    expect(tensors['visual.positional_embedding']!.shape).toEqual([17, 64]);
    expect(notes).toEqual(['Image positions were resized from 2² to 4² patches']);
  });

  it('of a ResNet have those of its attention pool resized', async () => {
    const resnet = (imageSize: number) =>
      dualEncoder(resnetModel({ id: 'r', imageSize, baseWidth: 8, layers: [1, 1, 1, 1], embedDim: 16 }), model.text);
    await exportWeights(at('resnet'), initialise(resnet(64).parameters, 1), { layout: 'open_clip', ...quick });
    const { tensors, notes } = await load(at('resnet'), resnet(96).parameters);
    expect(tensors['visual.attnpool.positional_embedding']!.shape).toEqual([10, 256]);
    expect(notes).toEqual(['Image positions were resized from 2² to 3² patches']);
  });

  it('are refused with the sizes that they have, if they are those of another model', async () => {
    const other = dualEncoder(
      vitModel({ id: 'v', imageSize: 16, patchSize: 8, width: 128, layers: 1, embedDim: 16 }),
      model.text,
    );
    const refused = load(at('hf'), other.parameters);
    await expect(refused).rejects.toThrow(/visual.class_embedding is \[64\], expected \[128\]; .*and \d+ more/);
    await expect(refused).rejects.toHaveProperty('hint', expect.stringContaining('1 blocks of 64 on 16 pixels'));
  });

  it('are refused if their configuration asks for another activation', async () => {
    const source = await findWeights(at('hf'));
    expect(source.activation).toBe('quick-gelu');
    await expect(loadWeights(source, model.parameters, { activation: 'gelu' })).rejects.toThrow(
      'was trained with the activation quick-gelu, not gelu',
    );
  });

  it('lose wrappers and what is no weight', async () => {
    const counter = { shape: [], dtype: 'int32', data: new Int32Array(1) } as const;
    const wrapped = Object.fromEntries(Object.entries(weights).map(([name, value]) => [`module.${name}`, value]));
    await writeSafetensors(at('wrapped.safetensors'), { ...wrapped, 'module.input_resolution': counter });
    expect((await load(at('wrapped.safetensors'))).tensors).toEqual(weights);
  });

  it('are refused when cut off, with the file named', async () => {
    mkdirSync(at('cut'));
    const file = at('cut', 'model.safetensors');
    writeFileSync(file, readFileSync(at('hf', 'model.safetensors')));
    truncateSync(file, 20_000);
    await expect(load(file)).rejects.toThrow(/cut\/model.safetensors is no sound safetensors file: .* ends at byte/);
  });

  it('are looked for where they can be, and the message says where', async () => {
    await expect(findWeights(at('nowhere'))).rejects.toThrow('is neither a file, nor a folder, nor the id');
    mkdirSync(at('empty'));
    await expect(findWeights(at('empty'))).rejects.toThrow('holds none of open_clip_model.safetensors');
  });

  it('name a broken configuration', async () => {
    mkdirSync(at('odd'));
    writeFileSync(at('odd', 'model.safetensors'), readFileSync(at('hf', 'model.safetensors')));
    writeFileSync(at('odd', 'config.json'), '{"model_type": "bert"}');
    await expect(findWeights(at('odd'))).rejects.toThrow('odd/config.json is no configuration of a CLIPModel');
  });

  it('say in the file that they are PyTorch’s, without which Python refuses them', async () => {
    expect((await readSafetensors(at('hf', 'model.safetensors'))).metadata).toEqual({ format: 'pt' });
  });
});
