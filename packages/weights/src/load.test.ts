import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensors } from '@medbench/core';
import { convNextModel } from '@medbench/encoders-convnext';
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

  it('accepts weights that fit', () => {
    checkWeights({ 'visual.proj': tensor([4, 2]), text_projection: tensor([3, 2]) }, specs, 'w.safetensors');
  });

  it('lists tensors that are missing, unexpected or of another shape, and names the file', () => {
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

describe('exported and loaded weights', () => {
  let folder: string;
  let weights: HostTensors;
  const resolvePath = (...segments: string[]): string => join(folder, ...segments);
  const load = async (name: string, specs = model.parameters) => loadWeights(await findWeights(name), specs, quick);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'medbench-weights-'));
    weights = initialise(model.parameters, 1);
    await exportWeights(resolvePath('open_clip'), weights, { layout: 'open_clip', ...quick });
    await exportWeights(resolvePath('hf'), weights, { layout: 'hugging-face', ...quick });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['open_clip', 'hf'])('are the same bits after loading from the layout %s', async (layout) => {
    const { tensors, notes } = await load(resolvePath(layout));
    expect(tensors).toEqual(weights);
    expect(notes).toEqual([]);
  });

  it.each(['open_clip', 'hugging-face'] as const)('of towers with another projection do not fit %s', async (layout) => {
    const { 'visual.proj': projection, ...rest } = weights;
    const changed = { ...rest, 'visual.token_proj': projection! };
    await expect(exportWeights(resolvePath('changed'), changed, { layout, ...quick })).rejects.toThrow(
      `towers of its own, which ${layout} has no model for`,
    );
  });

  it.each(['image', 'text'] as const)(
    'are exported one tower at a time, and the two towers together are complete: %s first',
    async (tower) => {
      const other = tower === 'image' ? 'text' : 'image';
      for (const written of [tower, other] as const) {
        await exportWeights(resolvePath(`of ${tower}`), weights, { layout: 'open_clip', tower: written, ...quick });
        await exportWeights(resolvePath(`hf ${written}`), weights, {
          layout: 'hugging-face',
          tower: written,
          ...quick,
        });
      }
      const towerFile = await readSafetensors(resolvePath(`of ${tower}`, `open_clip_${tower}.safetensors`));
      const otherFile = await readSafetensors(resolvePath(`of ${tower}`, `open_clip_${other}.safetensors`));
      expect(Object.keys(towerFile.tensors)).toEqual(
        model
          .stages(tower)
          .flatMap(({ parameters }) => parameters)
          .sort(),
      );
      const { logit_scale: scale, ...both } = weights;
      expect(scale).toBeDefined();
      expect({ ...towerFile.tensors, ...otherFile.tensors }).toEqual(both);
      const hfFile = await readSafetensors(resolvePath(`hf ${tower}`, 'model.safetensors'));
      expect(fromHuggingFace(hfFile.tensors)).toEqual(towerFile.tensors);
      const config = JSON.parse(readFileSync(resolvePath(`hf ${tower}`, 'config.json'), 'utf8'));
      expect(config).toMatchObject({
        architectures: [tower === 'image' ? 'CLIPVisionModelWithProjection' : 'CLIPTextModelWithProjection'],
        hidden_size: 64,
        projection_dim: 16,
      });
    },
  );

  it('have sizes that are read from their shapes', () => {
    expect(readSizes(weights)).toEqual({
      embedDim: 16,
      image: { kind: 'vit', size: 16, patch: 8, width: 64, layers: 1 },
      text: { context: 12, vocabulary: 40, width: 64, layers: 1 },
    });
  });

  it('have their image positions resized for another image size, with a note', async () => {
    const { tensors, notes } = await load(resolvePath('open_clip'), towers(32).parameters);
    expect(tensors['visual.positional_embedding']!.shape).toEqual([17, 64]);
    expect(notes).toEqual(['Image positions were resized from 2² to 4² patches']);
  });

  it('have the positions of a ResNet’s attention pool resized', async () => {
    const resnet = (imageSize: number) =>
      dualEncoder(resnetModel({ id: 'r', imageSize, baseWidth: 8, layers: [1, 1, 1, 1], embedDim: 16 }), model.text);
    await exportWeights(resolvePath('resnet'), initialise(resnet(64).parameters, 1), { layout: 'open_clip', ...quick });
    const { tensors, notes } = await load(resolvePath('resnet'), resnet(96).parameters);
    expect(tensors['visual.attnpool.positional_embedding']!.shape).toEqual([10, 256]);
    expect(notes).toEqual(['Image positions were resized from 2² to 3² patches']);
  });

  it('of a timm tower are written with the configuration that the tower gives, in the layout of open_clip only', async () => {
    const sizes = { imageSize: 32, widths: [8, 8, 8, 8], depths: [1, 1, 1, 1], embedDim: 16 } as const;
    const other = dualEncoder(convNextModel({ id: 'c', timm: 'convnext_x', ...sizes }), model.text);
    const own = initialise(other.parameters, 1);
    await exportWeights(resolvePath('timm'), own, { layout: 'open_clip', model: other, ...quick });
    const config = JSON.parse(readFileSync(resolvePath('timm', 'open_clip_config.json'), 'utf8'));
    expect(config.model_cfg).toMatchObject({
      embed_dim: 16,
      vision_cfg: { image_size: 32, timm_model_name: 'convnext_x', timm_pool: '', timm_proj: 'linear' },
      text_cfg: { context_length: 12, vocab_size: 40, width: 64, heads: 1, layers: 1 },
    });
    expect((await load(resolvePath('timm'), other.parameters)).tensors).toEqual(own);
    const huggingFace = { layout: 'hugging-face', model: other, ...quick } as const;
    await expect(exportWeights(resolvePath('timm'), own, huggingFace)).rejects.toThrow(
      'These are not the weights of two',
    );
    const unknown = dualEncoder(convNextModel({ id: 'c', ...sizes }), model.text);
    await expect(
      exportWeights(resolvePath('timm'), own, { layout: 'open_clip', model: unknown, ...quick }),
    ).rejects.toThrow('towers of its own, which open_clip has no model for: c');
  });

  it('are refused with a hint that lists their sizes if they belong to another model', async () => {
    const other = dualEncoder(
      vitModel({ id: 'v', imageSize: 16, patchSize: 8, width: 128, layers: 1, embedDim: 16 }),
      model.text,
    );
    const refused = load(resolvePath('hf'), other.parameters);
    await expect(refused).rejects.toThrow(/visual.class_embedding is \[64\], expected \[128\]; .*and \d+ more/);
    await expect(refused).rejects.toHaveProperty('hint', expect.stringContaining('1 blocks of 64 on 16 pixels'));
  });

  it('are refused if their configuration asks for another activation', async () => {
    const source = await findWeights(resolvePath('hf'));
    expect(source.activation).toBe('quick-gelu');
    await expect(loadWeights(source, model.parameters, { activation: 'gelu' })).rejects.toThrow(
      'was trained with the activation quick-gelu, not gelu',
    );
  });

  it('are loaded without the prefixes of wrappers and without entries that are not weights', async () => {
    const counter = { shape: [], dtype: 'int32', data: new Int32Array(1) } as const;
    const wrapped = Object.fromEntries(Object.entries(weights).map(([name, value]) => [`module.${name}`, value]));
    await writeSafetensors(resolvePath('wrapped.safetensors'), { ...wrapped, 'module.input_resolution': counter });
    expect((await load(resolvePath('wrapped.safetensors'))).tensors).toEqual(weights);
  });

  it('are loaded from a compiled model in a distributed one, and from parts that were compiled', async () => {
    const rename = (names: (name: string) => string): HostTensors =>
      Object.fromEntries(Object.entries(weights).map(([name, value]) => [names(name), value]));
    for (const names of [
      (name: string) => `module._orig_mod.${name}`,
      (name: string) => `_orig_mod.module.${name}`,
      (name: string) => name.replace('visual.', 'visual._orig_mod.'),
    ]) {
      await writeSafetensors(resolvePath('compiled.safetensors'), rename(names));
      expect((await load(resolvePath('compiled.safetensors'))).tensors).toEqual(weights);
    }
  });

  it('are loaded with a scalar as an array of one value, and without the bias of a loss, which is named', async () => {
    const scale = { ...weights.logit_scale!, shape: [1] };
    const bias = { shape: [], dtype: 'float32', data: Float32Array.of(-10) } as const;
    await writeSafetensors(resolvePath('scalars.safetensors'), { ...weights, logit_scale: scale, logit_bias: bias });
    const { tensors, notes } = await load(resolvePath('scalars.safetensors'));
    expect(tensors).toEqual(weights);
    expect(notes.join()).toMatch(/^logit_bias \(-10\) was left out/);
  });

  it('are loaded from several files with an index, as Hugging Face divides them', async () => {
    const names = Object.keys(weights);
    mkdirSync(resolvePath('divided'));
    const weightMap: Record<string, string> = {};
    for (const [part, own] of [names.slice(0, 9), names.slice(9)].entries()) {
      const file = `model-0000${part + 1}-of-00002.safetensors`;
      const tensors = Object.fromEntries(own.map((name) => [name, weights[name]!]));
      await writeSafetensors(resolvePath('divided', file), tensors);
      for (const name of own) weightMap[name] = file;
    }
    const index = resolvePath('divided', 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: weightMap }));
    expect((await load(resolvePath('divided'))).tensors).toEqual(weights);
    rmSync(resolvePath('divided', 'model-00002-of-00002.safetensors'));
    await expect(load(resolvePath('divided'))).rejects.toThrow(
      /model\.safetensors\.index\.json names model-00002-of-00002\.safetensors, which is not beside it/,
    );
  });

  it('are refused if a value is not finite, and the file and the tensor are named', async () => {
    const projection = weights['visual.proj']!;
    const data = Float32Array.from(projection.data as Float32Array);
    data[5] = Number.NaN;
    await writeSafetensors(resolvePath('nan.safetensors'), { ...weights, 'visual.proj': { ...projection, data } });
    await expect(load(resolvePath('nan.safetensors'))).rejects.toThrow(
      /nan\.safetensors: visual\.proj holds NaN at index 5/,
    );
  });

  it('are refused if the file is truncated, and the file is named', async () => {
    mkdirSync(resolvePath('cut'));
    const file = resolvePath('cut', 'model.safetensors');
    writeFileSync(file, readFileSync(resolvePath('hf', 'model.safetensors')));
    truncateSync(file, 20_000);
    await expect(load(file)).rejects.toThrow(/cut\/model.safetensors is not a valid safetensors file: .* ends at byte/);
  });

  it('are refused if they are not found, and the message says where they were looked for', async () => {
    await expect(findWeights(resolvePath('nowhere'))).rejects.toThrow('is neither a file, nor a folder, nor the id');
    mkdirSync(resolvePath('empty'));
    await expect(findWeights(resolvePath('empty'))).rejects.toThrow('holds none of open_clip_model.safetensors');
  });

  it('are refused if their configuration is invalid, and the configuration is named', async () => {
    mkdirSync(resolvePath('odd'));
    writeFileSync(resolvePath('odd', 'model.safetensors'), readFileSync(resolvePath('hf', 'model.safetensors')));
    writeFileSync(resolvePath('odd', 'config.json'), '{"model_type": "bert"}');
    await expect(findWeights(resolvePath('odd'))).rejects.toThrow(
      'odd/config.json is not a configuration of a CLIPModel',
    );
  });

  it('are marked in the file as PyTorch’s, because Python refuses them otherwise', async () => {
    expect((await readSafetensors(resolvePath('hf', 'model.safetensors'))).metadata).toEqual({ format: 'pt' });
  });
});
