import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvaluationModel, measureAll, type RasterImage, type Source } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testProtocols } from '../testing/index.js';
import { MANIFEST, readManifest, writeManifest, writeMatrix } from './files.js';
import { recordInputs } from './inputs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-inputs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Grey images of 2 x 1 pixels. The first pixel of each holds its number. */
const source = (length: number, first: number): Source<RasterImage> => ({
  length,
  get: async (i) => ({ width: 2, height: 1, channels: 1, data: Uint8Array.of(first + i, 255) }),
});
const labelled = (length: number, first: number) => ({
  images: source(length, first),
  labels: Int32Array.from({ length }, (_, i) => i % 2),
});
const SPEC = { classes: ['cat', 'dog'], prompts: ['a {}.', 'the {}.'] };
const classify = (model: EvaluationModel) =>
  measureAll(testProtocols(['zero-shot', 'linear-probe']), model, {
    ...SPEC,
    train: labelled(8, 0),
    val: labelled(4, 100),
    test: labelled(6, 200),
  });
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('recordInputs', () => {
  it('writes images and texts in row order, and lists the arrays', async () => {
    const arrays = await recordInputs(folder, 'animals', classify);
    expect(Object.fromEntries(arrays.map(({ array, rows, inputs }) => [array, [rows, inputs]]))).toEqual({
      'prompts.texts.npy': [4, 'prompts.json'],
      'test.images.npy': [6, 'test/'],
      'test.features.npy': [6, 'test/'],
      'train.features.npy': [8, 'train/'],
      'val.features.npy': [4, 'val/'],
      'train.images.npy': [8, 'train/'],
      'val.images.npy': [4, 'val/'],
    });
    expect(readJson('prompts.json')).toEqual(['a cat.', 'the cat.', 'a dog.', 'the dog.']);
    expect(readdirSync(join(folder, 'val'))).toEqual(['000000.png', '000001.png', '000002.png', '000003.png']);
    const image = await decodeImage(join(folder, 'test', '000005.png'));
    expect([...image.data]).toEqual([205, 255]);
    expect(await readManifest(folder)).toMatchObject({ task: 'animals', arrays });
    // A model name would become the name of a row.
    expect(readJson(MANIFEST)).not.toHaveProperty('model');
  });

  it('keeps the fields that a person added to the manifest', async () => {
    await recordInputs(folder, 'animals', classify);
    await writeManifest(folder, { ...(await readManifest(folder))!, model: 'mine', logitScale: 30 });
    await recordInputs(folder, 'animals', classify);
    expect(await readManifest(folder)).toMatchObject({ model: 'mine', logitScale: 30, task: 'animals' });
  });

  it('refuses other texts once an array of the recorded texts exists', async () => {
    const ask = (texts: string[]) => (model: EvaluationModel) => model.embedTexts(texts, 'captions');
    await recordInputs(folder, 'animals', ask(['one']));
    await recordInputs(folder, 'animals', ask(['two']));
    await writeMatrix(folder, 'captions.texts', { rows: 1, cols: 1, data: Float32Array.of(1) });
    await expect(recordInputs(folder, 'animals', ask(['three']))).rejects.toMatchObject({ code: 'usage' });
    expect(readJson('captions.json')).toEqual(['two']);
  });

  it('refuses a folder of exported embeddings, and names a folder that cannot be written', async () => {
    await writeManifest(folder, { format: 'medbench-embeddings', version: 1, key: 'k' });
    await expect(recordInputs(folder, 'animals', classify)).rejects.toThrow('embeddings that medbench exported');
    expect(existsSync(join(folder, 'test'))).toBe(false);
    writeFileSync(join(folder, 'plain'), '');
    await expect(recordInputs(join(folder, 'plain', 'x'), 'animals', classify)).rejects.toThrow(
      /plain.* cannot be written/,
    );
  });
});
