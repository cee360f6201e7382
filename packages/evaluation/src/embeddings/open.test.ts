import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Matrix, MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { randomModel } from '@medbench/core/testing';
import { encodeNpy, type NpyArray } from '@medbench/formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportEmbeddings } from './export.js';
import { hashTexts, MANIFEST, readMatrix, writeManifest, writeMatrix } from './files.js';
import { keepEmbeddings } from './keep.js';
import { openEmbeddings } from './open.js';

const TASK = 'some-task';
const TEXTS = ['first.', 'second.'];
let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-open-'));
  folder = join(root, TASK);
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true }));

const unread = (length: number): Source<RasterImage> => ({ length, get: () => Promise.reject(new Error('opened')) });
const matrix = (rows: number, cols = 3, scale = 2): Matrix => ({
  rows,
  cols,
  data: Float32Array.from({ length: rows * cols }, (_, i) => scale * Math.sin(i + 1)),
});
const put = (...names: string[]) =>
  Promise.all(names.map((name) => writeMatrix(folder, name, matrix(name.includes('texts') ? 2 : 4))));
const putNpy = (name: string, array: NpyArray) => writeFileSync(join(folder, `${name}.npy`), encodeNpy(array));
const describeAs = (entries: object) =>
  writeManifest(folder, { format: 'medbench-embeddings', version: 1, ...entries });
const opened = async () => (await openEmbeddings(root)).open(TASK);
const model = async () => (await opened()).model;
const catchError = async (act: Promise<unknown>): Promise<MedbenchError> => {
  const error = await act.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MedbenchError);
  return error as MedbenchError;
};

const PROBES = ['linear-probe', 'knn', 'simple-shot'];

describe('openEmbeddings finds the protocols of a folder', () => {
  it.each([
    ['zero-shot', ['test.images', 'prompts.texts'], ['zero-shot', 'prompt-sensitivity'], true],
    ['retrieval', ['test.images', 'captions.texts'], ['retrieval'], true],
    ['a probe on features', ['train.features', 'test.features'], PROBES, false],
    ['a probe on embeddings', ['train.images', 'test.images'], PROBES, false],
    [
      'zero-shot and a probe',
      ['train.images', 'test.images', 'prompts.texts'],
      ['zero-shot', 'prompt-sensitivity', ...PROBES],
      true,
    ],
    [
      'corrupted images',
      ['train.images', 'test.images', 'prompts.texts', 'test-clean-224.images', 'test-jpeg-1-224.images'],
      ['zero-shot', 'prompt-sensitivity', ...PROBES, 'zero-shot-corruptions', 'linear-probe-corruptions'],
      true,
    ],
    ['questions', ['all.images', 'questions.texts'], ['vqa'], false],
    ['questions without images', ['questions.texts'], ['vqa'], false],
  ])('from arrays for %s', async (_, names, protocols, joint) => {
    await put(...names);
    const { protocols: foundProtocols, model: openedModel } = await opened();
    expect(foundProtocols).toEqual(protocols);
    expect(openedModel.can.joint).toBe(joint);
    expect(openedModel.can.texts).toBe(names.some((name) => name.endsWith('texts')));
  });

  it('and notes what a reader of the results must know', async () => {
    await put('train.images', 'test.images', 'prompt.texts');
    expect((await opened()).notes).toEqual([
      'the linear probe uses joint embeddings: no features given',
      'no prompts.texts given: zero-shot is skipped',
      'ignored, because no protocol uses such an array: prompt.texts.npy',
    ]);
    await put('prompts.texts');
    expect((await opened()).notes).toContain(
      'no logit scale given: probabilities use 100 (set "logitScale" in embeddings.json)',
    );
    expect((await model()).logitScale).toBe(100);
    await describeAs({ logitScale: 7 });
    expect((await model()).logitScale).toBe(7);
  });

  it('and names the arrays present and the arrays needed if nothing can be measured', async () => {
    await put('test.images');
    const fault = await catchError(opened());
    expect(fault.message).toBe(`${folder} holds no arrays from which ${TASK} can be measured`);
    expect(fault.hint).toMatch(/^It holds test\.images\.npy\. Zero-shot needs test\.images and prompts\.texts;/);
    await describeAs({ arrays: [{ array: 'prompts.texts.npy', rows: 2, inputs: 'prompts.json' }] });
    expect((await catchError(opened())).hint).toContain('Needed: prompts.texts.npy.');
  });
});

describe('openEmbeddings', () => {
  it('lists tasks, names the model, and hashes arrays but not the images beside them', async () => {
    await put('test.images', 'prompts.texts');
    mkdirSync(join(root, 'notes'));
    await describeAs({ model: 'some-model' });
    const embeddings = await openEmbeddings(root);
    expect(embeddings).toMatchObject({ model: 'some-model', tasks: [TASK] });
    const before = await embeddings.fingerprint(TASK);
    mkdirSync(join(folder, 'test'));
    writeFileSync(join(folder, 'test', '000000.png'), 'an image');
    expect(await embeddings.fingerprint(TASK)).toBe(before);
    await writeMatrix(folder, 'test.images', matrix(4, 3, 5));
    expect(await embeddings.fingerprint(TASK)).not.toBe(before);
  });

  it('takes a folder whose name cannot be decoded by its name', async () => {
    await put('test.images', 'prompts.texts');
    mkdirSync(join(root, '%E0%A4%A'));
    writeFileSync(join(root, '%E0%A4%A', 'test.images.npy'), '');
    expect((await openEmbeddings(root)).tasks).toEqual(['%E0%A4%A', TASK]);
  });

  it('accepts the folder of one task itself', async () => {
    await put('test.images', 'prompts.texts');
    await describeAs({ task: TASK });
    const embeddings = await openEmbeddings(folder);
    expect(embeddings.tasks).toEqual([TASK]);
    expect((await embeddings.open(TASK)).protocols).toEqual(['zero-shot', 'prompt-sensitivity']);
    expect((await catchError(embeddings.open('other'))).message).toContain(
      `no embeddings of other, only those of ${TASK}`,
    );
  });

  it('refuses a path that is not a folder, and names the folder in which it looks for a task', async () => {
    expect(await catchError(openEmbeddings(join(root, 'none')))).toMatchObject({ code: 'usage' });
    writeFileSync(join(root, 'plain'), '');
    expect((await catchError(openEmbeddings(join(root, 'plain')))).hint).toContain('It is a file.');
    const embeddings = await openEmbeddings(root);
    expect(embeddings.tasks).toEqual([]);
    await expect(embeddings.fingerprint('other')).rejects.toThrow('has no embeddings of other');
    expect((await catchError(embeddings.open('other'))).hint).toContain(join(root, 'other'));
  });

  it.each([
    ['{', 'cannot be read'],
    ['[]', 'is not a description of embeddings'],
    ['{"format": "medbench-embeddings", "version": 2}', 'is not a description of embeddings'],
    ['{"format": "medbench-embeddings", "version": 1, "model": ""}', '"model" must be a name, not ""'],
    [
      '{"format": "medbench-embeddings", "version": 1, "logitScale": 0}',
      '"logitScale" must be a number above 0, not 0',
    ],
    ['{"format": "medbench-embeddings", "version": 1, "can": true}', '"can" must be'],
  ])('names a manifest that is invalid: %s', async (text, message) => {
    await put('test.images', 'prompts.texts');
    writeFileSync(join(folder, MANIFEST), text);
    const fault = await catchError(openEmbeddings(root));
    expect(fault).toMatchObject({ code: 'data' });
    expect(fault.message).toContain(join(folder, MANIFEST));
    expect(fault.message).toContain(message);
  });
});

describe('a model of opened embeddings', () => {
  const file = (name: string) => join(folder, `${name}.npy`);
  /** Replaces one character of the header of an array. */
  const edit = (name: string, from: string, to: string) =>
    writeFileSync(file(name), readFileSync(file(name), 'latin1').replace(from, to), 'latin1');
  const unit = Float32Array.of(1, 0, 0, 0.6, 0.8, 0, Math.SQRT1_2, 0, Math.SQRT1_2);

  it('keeps unit rows to the bit, normalises other rows, and does not change features', async () => {
    const mixed = Float32Array.of(...unit, 3, 4, 12);
    await writeMatrix(folder, 'test.images', { rows: 4, cols: 3, data: mixed });
    await writeMatrix(folder, 'prompts.texts', { rows: 2, cols: 3, data: Float32Array.of(0, 0, 3, 0, 2, 0) });
    await put('train.features', 'test.features');
    const { embedImages, embedTexts, imageFeatures } = await model();
    const { data } = await embedImages(unread(4), 'test');
    expect(data.subarray(0, 9)).toEqual(unit);
    expect(data.subarray(9)).toEqual(Float32Array.of(3 / 13, 4 / 13, 12 / 13));
    expect((await embedTexts(TEXTS, 'prompts')).data).toEqual(Float32Array.of(0, 0, 1, 0, 1, 0));
    expect(await imageFeatures(unread(4), 'train')).toEqual(matrix(4));
  });

  it('keeps rows that were normalised in 32 bits to the bit, although their length is not exactly 1', async () => {
    const rounded = await randomModel(1).embedImages(unread(50));
    await put('prompts.texts');
    await writeMatrix(folder, 'test.images', rounded);
    expect(await (await model()).embedImages(unread(50), 'test')).toEqual(rounded);
  });

  it('uses joint embeddings as features if no split has features', async () => {
    await put('train.images', 'test.images');
    expect(await (await model()).imageFeatures(unread(4), 'test')).toEqual(matrix(4));
    await put('train.features');
    const fault = await catchError((await model()).imageFeatures(unread(4), 'test'));
    expect(fault.message).toBe(`${join(folder, 'test.features.npy')} does not exist`);
  });

  it('says how to probe features if joint embeddings are missing', async () => {
    await put('train.features', 'test.features', 'test.images', 'prompts.texts');
    const fault = await catchError((await model()).embedImages(unread(4), 'train'));
    expect(fault.message).toContain('train.images.npy does not exist, but train.features.npy does');
    expect(fault.hint).toContain('--set evaluation.probe.features=before');
  });

  it('reads 64-bit floats', async () => {
    await put('prompts.texts');
    putNpy('test.images', { shape: [1, 3], dtype: 'f8', data: Float64Array.of(0, 0.5, 0) });
    expect((await (await model()).embedImages(unread(1), 'test')).data).toEqual(Float32Array.of(0, 1, 0));
  });

  // The bits of 1, -2, 0.333251953125 and the smallest subnormal number of each format, by NumPy and ml_dtypes.
  it('reads 16-bit floats, and bfloat16 where embeddings.json names it', async () => {
    await put('prompts.texts');
    putNpy('test.features', { shape: [2, 2], dtype: 'f2', data: Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001) });
    const half = Float32Array.of(1, -2, 0.333251953125, 2 ** -24);
    expect((await (await model()).imageFeatures(unread(2), 'test')).data).toEqual(half);
    putNpy('test.features', { shape: [2, 2], dtype: 'u2', data: Uint16Array.of(0x3f80, 0xc000, 0x3eab, 0x0001) });
    const unnamed = await catchError((await model()).imageFeatures(unread(2), 'test'));
    expect(unnamed.hint).toContain('"dtype": "bfloat16"');
    await describeAs({ dtype: 'bfloat16' });
    const brain = Float32Array.of(1, -2, 0.333984375, 2 ** -133);
    expect((await (await model()).imageFeatures(unread(2), 'test')).data).toEqual(brain);
    // ml_dtypes gives NumPy a type that it cannot name, and writes it as two bytes.
    edit('test.features', '<u2', '<V2');
    expect((await (await model()).imageFeatures(unread(2), 'test')).data).toEqual(brain);
    await describeAs({});
    await expect((await model()).imageFeatures(unread(2), 'test')).rejects.toThrow('elements of type <V2');
  });

  it('refuses embeddings of zeros by row, but takes features of zeros', async () => {
    const zeros = { rows: 4, cols: 3, data: matrix(4).data.fill(0, 3, 6) };
    await put('prompts.texts', 'train.features');
    await writeMatrix(folder, 'test.images', zeros);
    await writeMatrix(folder, 'test.features', zeros);
    const { embedImages, imageFeatures } = await model();
    expect(await imageFeatures(unread(4), 'test')).toEqual(zeros);
    const fault = await catchError(embedImages(unread(4), 'test'));
    expect(fault.message).toBe(`${join(folder, 'test.images.npy')} holds only zeros in row 1`);
    await writeMatrix(folder, 'test.images', { rows: 9, cols: 3, data: new Float32Array(27) });
    const all = await catchError((await model()).embedImages(unread(9), 'test'));
    expect(all.message).toContain('holds only zeros in 9 rows: 0, 1, 2, 3, 4 …');
  });

  it('compares texts with the hash of the embedded texts', async () => {
    await put('test.images', 'prompts.texts');
    await describeAs({ texts: { 'prompts.texts': hashTexts(TEXTS) } });
    const { embedTexts } = await model();
    expect((await embedTexts(TEXTS, 'prompts')).rows).toBe(2);
    const fault = await catchError(embedTexts(['second.', 'first.'], 'prompts'));
    expect(fault.message).toContain('prompts.texts.npy was made of other texts');
  });

  const cases: [string, () => unknown, string][] = [
    ['a missing array', () => rmSync(file('test.images')), 'does not exist'],
    ['a wrong number of rows', () => writeMatrix(folder, 'test.images', matrix(3)), 'has 3 rows where some-task has 4'],
    ['another width than the texts', () => writeMatrix(folder, 'test.images', matrix(4, 5)), 'has width 5'],
    ['a truncated file', () => truncateSync(file('test.images'), 140), 'its size does not fit its header'],
    ['a file that is no array', () => writeFileSync(file('test.images'), 'hello'), 'is not an NPY array'],
    ['big-endian numbers', () => edit('test.images', '<f4', '>f4'), 'elements of type >f4'],
    ['complex numbers', () => edit('test.images', '<f4', '<c8'), 'elements of type <c8'],
    ['zeros', () => writeMatrix(folder, 'test.images', { ...matrix(4), data: new Float32Array(12) }), 'only zeros'],
    ['column-major order', () => edit('test.images', 'False', 'True '), 'column by column'],
    [
      'whole numbers',
      () => putNpy('test.images', { shape: [4, 1], dtype: 'i4', data: new Int32Array(4) }),
      'an array of type i4 and shape [4, 1]',
    ],
    [
      'one dimension',
      () => putNpy('test.images', { shape: [4], dtype: 'f4', data: new Float32Array(4) }),
      'an array of type f4 and shape [4]',
    ],
    [
      'no columns',
      () => putNpy('test.images', { shape: [4, 0], dtype: 'f4', data: new Float32Array(0) }),
      'an array of type f4 and shape [4, 0]',
    ],
    [
      'NaN',
      () => writeMatrix(folder, 'test.images', { ...matrix(4), data: matrix(4).data.fill(Number.NaN, 7, 8) }),
      'holds NaN in row 2',
    ],
    [
      'a number beyond 32 bits',
      () => putNpy('test.images', { shape: [4, 3], dtype: 'f8', data: new Float64Array(12).fill(1e300, 11) }),
      'holds Infinity in row 3',
    ],
  ];
  it.each(cases)('names the file and the way out: %s', async (_, damage, message) => {
    await put('test.images', 'prompts.texts');
    await damage();
    const { embedTexts, embedImages } = await model();
    await embedTexts(TEXTS, 'prompts');
    const fault = await catchError(embedImages(unread(4), 'test'));
    expect(fault.code).toBe('data');
    expect(fault.message).toContain(file('test.images'));
    expect(fault.message).toContain(message);
    expect(fault.hint).toBeTruthy();
  });

  it('requires one width in all splits of a probe, but not for questions', async () => {
    await put('train.features', 'questions.texts');
    await writeMatrix(folder, 'test.features', matrix(4, 2));
    await writeMatrix(folder, 'all.images', matrix(4, 2));
    const openedModel = await model();
    await openedModel.imageFeatures(unread(4), 'train');
    const fault = await catchError(openedModel.imageFeatures(unread(4), 'test'));
    expect(fault.message).toBe(`${file('test.features')} has width 2, but ${file('train.features')} has width 3`);
    await openedModel.embedTexts(TEXTS, 'questions');
    expect((await openedModel.embedImages(unread(4), 'all')).cols).toBe(2);
  });
});

describe('exportEmbeddings', () => {
  const kept = () => join(root, 'kept');
  const keep = (key: string) =>
    keepEmbeddings(kept(), { key, model: 'clip', task: TASK }, async () => {
      const random = randomModel(1);
      // Rows as a backend returns them: of unit length up to rounding.
      const nearly = (input: Matrix): Matrix => ({ ...input, data: input.data.map((value) => value * (1 + 4e-5)) });
      return { ...random, embedImages: async (images) => nearly(await random.embedImages(images)) };
    });

  it('writes arrays that read back to the bit, without arrays of another key', async () => {
    await (await keep('old')).embedTexts(TEXTS, 'captions');
    const newModel = await keep('new');
    const images = await newModel.embedImages(unread(4), 'test');
    const texts = await newModel.embedTexts(TEXTS, 'prompts');
    await exportEmbeddings(kept(), folder);
    const { model: back, protocols } = await opened();
    expect(protocols).toEqual(['zero-shot', 'prompt-sensitivity']);
    expect(back).toMatchObject({ id: 'clip', logitScale: newModel.logitScale });
    expect(await back.embedImages(unread(4), 'test')).toEqual(images);
    expect(await back.embedTexts(TEXTS, 'prompts')).toEqual(texts);
    await expect(back.embedTexts(['other', 'texts'], 'prompts')).rejects.toThrow('made of other texts');
    await exportEmbeddings(kept(), folder);
  });

  it('refuses to write to its own folder or over other embeddings, and to export an unfinished run', async () => {
    expect((await catchError(exportEmbeddings(kept(), folder))).message).toContain('holds no finished embeddings');
    await (await keep('k')).embedTexts(TEXTS, 'prompts');
    expect(await catchError(exportEmbeddings(kept(), kept()))).toMatchObject({ code: 'usage' });
    await put('test.images');
    expect((await catchError(exportEmbeddings(kept(), folder))).message).toBe(`${folder} holds other embeddings`);
    expect(await readMatrix(folder, 'test.images')).toEqual(matrix(4));
    rmSync(join(kept(), 'prompts.texts.npy'));
    rmSync(join(folder, 'test.images.npy'));
    expect((await catchError(exportEmbeddings(kept(), folder))).message).toContain('prompts.texts.npy cannot be read');
  });
});
