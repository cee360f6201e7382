import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluationModel, RasterImage, Source } from '@medbench/core';
import { randomModel } from '@medbench/core/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MANIFEST, readManifest, writeManifest } from './files.js';
import { keepEmbeddings } from './keep.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-keep-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Images whose pixels must not be read. */
const images = (length: number): Source<RasterImage> => ({ length, get: () => Promise.reject(new Error('opened')) });
const TEXTS = ['one.', 'two.', 'three.'];

/** A random model of a seed that counts its calls. */
function countingModel(seed: number) {
  const model = randomModel(seed);
  const spied = {
    ...model,
    embedImages: vi.fn(model.embedImages),
    imageFeatures: vi.fn(model.imageFeatures),
    embedTexts: vi.fn(model.embedTexts),
  };
  return { ...spied, load: vi.fn(async (): Promise<EvaluationModel> => spied) };
}
type CountingModel = ReturnType<typeof countingModel>;

const info = (key: string) => ({ key, model: 'clip', task: 'some-task' });
const open = (key: string, { load }: CountingModel) => keepEmbeddings(folder, info(key), load);

/** Asks for one array of each kind. */
const askAll = async (model: EvaluationModel) => [
  await model.embedImages(images(4), 'test'),
  await model.imageFeatures(images(4), 'test'),
  await model.embedTexts(TEXTS, 'prompts'),
];
const calls = ({ embedImages, imageFeatures, embedTexts }: CountingModel) =>
  [embedImages, imageFeatures, embedTexts].map(({ mock }) => mock.calls.length);

describe('keepEmbeddings', () => {
  it('computes each array once: if all arrays are kept, it loads no weights and returns the same bits', async () => {
    const first = countingModel(1);
    const computed = await askAll(await open('k', first));
    expect(calls(first)).toEqual([1, 1, 1]);
    expect(readdirSync(folder).sort()).toEqual([MANIFEST, 'prompts.texts.npy', 'test.features.npy', 'test.images.npy']);
    const second = countingModel(2);
    const model = await open('k', second);
    expect(await askAll(model)).toEqual(computed);
    expect(second.load).not.toHaveBeenCalled();
    expect(model).toMatchObject({ id: 'clip', logitScale: 1 / 0.07, can: { images: true, texts: true, joint: true } });
  });

  it('stores no text, because some texts are under a use agreement', async () => {
    await askAll(await open('k', countingModel(1)));
    for (const text of TEXTS) expect(readFileSync(join(folder, MANIFEST), 'utf8')).not.toContain(text);
  });

  it('computes embeddings without a name each time', async () => {
    const model = countingModel(1);
    const kept = await open('k', model);
    await kept.embedTexts(TEXTS);
    await kept.embedTexts(TEXTS);
    expect(calls(model)).toEqual([0, 0, 2]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('computes everything again under another key, and drops the arrays of the first key', async () => {
    await askAll(await open('k', countingModel(1)));
    const secondModel = countingModel(2);
    const kept = await open('other', secondModel);
    await kept.embedImages(images(4), 'test');
    // A run that ends here has listed one array: arrays of the first key are not listed.
    expect(Object.keys((await readManifest(folder))?.texts ?? {})).toEqual(['test.images']);
    await askAll(kept);
    expect(calls(secondModel)).toEqual([1, 1, 1]);
    const back = countingModel(1);
    await askAll(await open('k', back));
    expect(calls(back)).toEqual([1, 1, 1]);
  });

  it('removes an array from the manifest while the array is replaced', async () => {
    const first = countingModel(1);
    const kept = await open('k', first);
    await kept.embedTexts(TEXTS, 'prompts');
    await kept.embedImages(images(4), 'test');
    rmSync(join(folder, 'prompts.texts.npy'));
    // A folder of the same name makes the write fail half-way.
    mkdirSync(join(folder, 'prompts.texts.npy', 'full'), { recursive: true });
    await expect(kept.embedTexts(['other texts'], 'prompts')).rejects.toThrow('prompts.texts.npy cannot be written');
    expect(Object.keys((await readManifest(folder))?.texts ?? {})).toEqual(['test.images']);
  });

  it.each([
    ['truncated', (file: string) => truncateSync(file, 100)],
    ['missing', (file: string) => rmSync(file)],
    ['not an array', (file: string) => writeFileSync(file, 'hello')],
  ])('computes only the array whose file is %s', async (_, damage) => {
    const computed = await askAll(await open('k', countingModel(1)));
    damage(join(folder, 'test.features.npy'));
    const again = countingModel(1);
    expect(await askAll(await open('k', again))).toEqual(computed);
    expect(calls(again)).toEqual([0, 1, 0]);
    const kept = countingModel(1);
    await askAll(await open('k', kept));
    expect(kept.load).not.toHaveBeenCalled();
  });

  it('computes an array again in which one bit differs, and says so', async () => {
    const computed = await askAll(await open('k', countingModel(1)));
    const file = join(folder, 'test.images.npy');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const again = countingModel(1);
    const damaged = vi.fn();
    expect(await askAll(await keepEmbeddings(folder, { ...info('k'), damaged }, again.load))).toEqual(computed);
    expect(calls(again)).toEqual([1, 0, 0]);
    expect(damaged.mock.calls).toEqual([[file]]);
  });

  it.each([
    ['the logit scale', '"logitScale": 14.285714285714285', '"logitScale": 14.3'],
    ['the checksum of an array', /"test.images": "[0-9a-f]{4}/, '"test.images": "0000'],
  ])('computes everything again if %s was edited, and says so', async (_, from, to) => {
    const computed = await askAll(await open('k', countingModel(1)));
    const manifest = join(folder, MANIFEST);
    const edited = readFileSync(manifest, 'utf8').replace(from, to);
    expect(edited).not.toBe(readFileSync(manifest, 'utf8'));
    writeFileSync(manifest, edited);
    const again = countingModel(1);
    const damaged = vi.fn();
    expect(await askAll(await keepEmbeddings(folder, { ...info('k'), damaged }, again.load))).toEqual(computed);
    expect(calls(again)).toEqual([1, 1, 1]);
    expect(damaged.mock.calls).toEqual([[manifest]]);
  });

  it('computes only the arrays that are not kept yet', async () => {
    await (await open('k', countingModel(1))).embedImages(images(4), 'test');
    const later = countingModel(1);
    await askAll(await open('k', later));
    expect(calls(later)).toEqual([0, 1, 1]);
  });

  it('computes again for other texts or another number of images', async () => {
    await askAll(await open('k', countingModel(1)));
    const secondModel = countingModel(1);
    const kept = await open('k', secondModel);
    expect((await kept.embedTexts(['a', 'b', 'c'], 'prompts')).rows).toBe(3);
    expect((await kept.embedImages(images(5), 'test')).rows).toBe(5);
    expect(calls(secondModel)).toEqual([1, 0, 1]);
  });

  it.each(['{', '{}', '{"format": "medbench-embeddings", "version": 1, "key": "k"}'])(
    'ignores the invalid or incomplete manifest %s',
    async (text) => {
      await askAll(await open('k', countingModel(1)));
      writeFileSync(join(folder, MANIFEST), text);
      const again = countingModel(1);
      await askAll(await open('k', again));
      expect(calls(again)).toEqual([1, 1, 1]);
    },
  );

  it('names the folder that cannot be written', async () => {
    const plain = join(folder, 'plain');
    writeFileSync(plain, '');
    const model = await keepEmbeddings(join(plain, 'below'), info('k'), countingModel(1).load);
    await expect(model.embedTexts(TEXTS, 'prompts')).rejects.toMatchObject({ code: 'store' });
    await expect(writeManifest(join(plain, 'x'), { format: 'medbench-embeddings', version: 1 })).rejects.toThrow(
      'plain',
    );
  });
});
