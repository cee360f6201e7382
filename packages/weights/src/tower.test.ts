import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostTensors, hashBytes } from '@medbench/core';
import { bertModel } from '@medbench/encoders-bert';
import { timmVitModel, vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportWeights, findVocabulary, findWeights, loadTower } from './index.js';

const text = bertModel({
  ...{ id: 't', contextLength: 4, positions: 8, vocabSize: 12, width: 64, layers: 2, embedDim: 8 },
  ...{ pooling: 'cls', projection: 'mlp' },
});
const model = dualEncoder(vitModel({ id: 'i', imageSize: 8, patchSize: 4, width: 64, layers: 1, embedDim: 8 }), text);
const weights = initialise(model.parameters, 3);
const bert = Object.fromEntries(
  Object.entries(weights).flatMap(([name, tensor]) =>
    name.startsWith('transformer.') ? [[name.slice('transformer.'.length), tensor] as const] : [],
  ),
);
const extra = { shape: [1], dtype: 'float32', data: Float32Array.of(1) } as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medbench-tower-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes tensors under other names and loads them as the text tower. */
async function load(name: string, tensors: HostTensors, config?: object) {
  const path = join(folder, name);
  await writeSafetensors(join(path, 'model.safetensors'), tensors, {});
  if (config) await writeFile(join(path, 'config.json'), JSON.stringify(config));
  return loadTower(await findWeights(path, { singleTower: true }), text.parameters, 'text');
}
const renamed = (tensors: HostTensors, rename: (name: string) => string): HostTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));

const PROJECTION = ['proj.0.weight', 'proj.2.weight'];

describe('the weights of a BERT', () => {
  it.each([
    ['alone', bert, 0],
    ['in a model with a head', { ...renamed(bert, (name) => `bert.${name}`), 'cls.predictions.bias': extra }, 1],
    [
      'with a pooler and the first names of norms',
      {
        ...renamed(bert, (name) =>
          name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
        ),
        'pooler.dense.bias': extra,
        'embeddings.position_ids': extra,
      },
      1,
    ],
  ])('%s are laid out as the tower; its projection is missing', async (name, tensors, leftOut) => {
    const config = { model_type: 'bert', hidden_act: 'gelu' };
    const { tensors: loaded, missing, notes } = await load(name, tensors, config);
    expect(missing).toEqual(PROJECTION);
    expect(notes).toContain('drawn, because the file lacks them: proj.0.weight, proj.2.weight');
    expect(notes.some((note) => note.startsWith(`${leftOut} tensors of other parts`))).toBe(leftOut > 0);
    expect(Object.keys(loaded).sort()).toEqual(
      text.parameters.flatMap((spec) => (PROJECTION.includes(spec.name) ? [] : [spec.name])).sort(),
    );
    for (const [key, { data }] of Object.entries(loaded))
      expect(hashBytes(new Uint8Array(data.buffer)), key).toBe(hashBytes(new Uint8Array(weights[key]!.data.buffer)));
  });

  it('and its projection come from a checkpoint of two towers', async () => {
    const { tensors, missing, notes } = await load('both', weights);
    expect([missing, Object.keys(tensors).length]).toEqual([[], text.parameters.length]);
    expect(notes[0]).toContain('tensors of other parts were left out');
  });

  it('are refused if blocks are missing or too many, the vocabulary is another, or it is no such tower', async () => {
    const without = Object.fromEntries(Object.entries(bert).filter(([name]) => !name.startsWith('encoder.layer.1.')));
    await expect(load('fewer', without)).rejects.toThrow(
      'transformer.encoder.layer.1.attention.self.query.weight is missing',
    );
    await expect(load('more', { ...bert, 'encoder.layer.2.output.dense.bias': extra })).rejects.toThrow(
      'transformer.encoder.layer.2.output.dense.bias is unexpected',
    );
    const words = 'embeddings.word_embeddings.weight';
    const table = { shape: [2, 64], dtype: 'float32', data: new Float32Array(128) } as const;
    const error = await load('words', { ...bert, [words]: table }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ hint: expect.stringContaining('set model.vocabulary') });
    await expect(load('other', { 'encoder.weight': extra })).rejects.toThrow(
      'holds no text tower of this kind; it holds encoder.weight',
    );
  });
});

it("an image tower takes timm's names, without its classifier, and positions of another size", async () => {
  const sizes = { id: 'i', patchSize: 4, width: 64, layers: 1, embedDim: 8, pooling: 'token' } as const;
  const image = timmVitModel({ ...sizes, imageSize: 12 });
  const specs = image.parameters.map((spec) => ({ ...spec, name: `visual.${spec.name}` }));
  const drawn = initialise(image.parameters, 5);
  const smaller = initialise(timmVitModel({ ...sizes, imageSize: 8 }).parameters, 5);
  const trunk = Object.entries({ ...drawn, 'trunk.pos_embed': smaller['trunk.pos_embed']! }).flatMap(
    ([name, tensor]) => (name.startsWith('trunk.') ? [[name.slice('trunk.'.length), tensor] as const] : []),
  );
  const path = join(folder, 'timm.safetensors');
  await writeSafetensors(path, { ...Object.fromEntries(trunk), 'head.weight': extra }, {});
  const { tensors, missing, notes } = await loadTower(await findWeights(path, { singleTower: true }), specs, 'image');
  expect(missing).toEqual(['visual.head.proj.weight']);
  expect(notes).toContain('Image positions were resized from 2² to 3² patches');
  expect(tensors['visual.trunk.cls_token']!.data).toEqual(drawn['trunk.cls_token']!.data);
});

it("keeps the norm in the head of timm's ConvNeXt, and leaves out the classifier behind it", async () => {
  const specs = ['visual.trunk.stem.0.weight', 'visual.trunk.head.norm.weight'].map((name) => ({
    ...{ name, shape: [1], init: { kind: 'constant', value: 0 } as const },
  }));
  const path = join(folder, 'convnext.safetensors');
  await writeSafetensors(path, { 'stem.0.weight': extra, 'head.norm.weight': extra, 'head.fc.weight': extra }, {});
  const { tensors } = await loadTower(await findWeights(path, { singleTower: true }), specs, 'image');
  expect(Object.keys(tensors).sort()).toEqual(specs.map(({ name }) => name).sort());
});

describe('a BERT written', () => {
  const tokenizerFiles = { 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n' };
  const options = { activation: 'gelu', model, tokenizerFiles } as const;

  it("has the names and the configuration of BertModel in Hugging Face's layout", async () => {
    const out = join(folder, 'hf');
    const files = await exportWeights(out, weights, { layout: 'hugging-face', tower: 'text', ...options });
    expect(files.map((file) => file.slice(out.length + 1))).toEqual(['model.safetensors', 'config.json', 'vocab.txt']);
    const { tensors } = await readSafetensors(files[0]!);
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(bert).sort());
    expect((await findVocabulary(out)).pieces).toHaveLength(4);
    await expect(exportWeights(out, weights, { layout: 'hugging-face', ...options })).rejects.toThrow(
      'two CLIP towers',
    );
  });

  it("has open_clip's prefix and its text_cfg in open_clip's layout", async () => {
    const out = join(folder, 'open-clip');
    const files = await exportWeights(out, weights, { layout: 'open_clip', ...options });
    const { tensors } = await readSafetensors(files[0]!);
    expect(tensors['text.transformer.embeddings.word_embeddings.weight']).toBeDefined();
    expect(tensors['text.proj.2.weight']).toBeDefined();
    const again = await loadTower(await findWeights(out), text.parameters, 'text');
    expect(again.missing).toEqual([]);
  });
});
