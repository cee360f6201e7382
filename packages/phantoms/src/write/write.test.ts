import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from '@medbench/data';
import { captionTable, isGenerated, readCsv, readNpz } from '@medbench/formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phantomCase } from '../cases.js';
import { findPhantomManifest, type PhantomCounts, phantomFingerprint } from '../manifest.js';
import { shapesCase } from '../shapes.js';
import { chestCase } from './chest.js';
import { writePhantoms } from './index.js';
import type { PhantomRow } from './pairs.js';
import { encodeSmallPng } from './png.js';
import type { VqaRadRow } from './vqa-rad.js';

const counts: PhantomCounts = {
  phantoms: { train: 20, val: 5, test: 10 },
  shapes: { train: 8 },
  pneumonia: { train: 50, val: 10, test: 40 },
  vqaRad: { images: 24, train: 180, test: 50 },
  pathVqa: { train: 30, validation: 5, test: 20 },
  classes: { train: 11, val: 11, test: 11 },
  corpora: { train: 12, test: 6 },
};
const settings = { seed: 5, size: 32, counts };

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'phantoms-'));
  folder = join(root, 'set');
  await writePhantoms(folder, settings);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const readLines = async <T>(path: string): Promise<T[]> =>
  (await readFile(join(folder, path), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const contents = async (dir: string): Promise<Record<string, string>> => {
  const files = await readdir(dir, { recursive: true, withFileTypes: true });
  const hashes: Record<string, string> = {};
  for (const file of files) {
    // Locks of writers stay, with the processes' ids.
    if (!file.isFile() || file.parentPath.endsWith('.lock')) continue;
    const path = join(file.parentPath, file.name);
    hashes[path.slice(dir.length)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return hashes;
};

describe('the written set', () => {
  it('reads back as image-caption pairs with the pixels that were drawn', async () => {
    for (const split of ['train', 'val', 'test'] as const) {
      const rows = await readLines<PhantomRow>(`phantoms/${split}.jsonl`);
      expect(rows).toHaveLength(counts.phantoms[split]);
      const pairs = await captionTable({
        table: join(folder, `phantoms/${split}.jsonl`),
        imageColumn: 'image',
        captionColumn: 'caption',
        imageDir: join(folder, 'phantoms/images'),
      });
      for (const [i, { caption, modality, factors, questions }] of rows.entries()) {
        const { render, ...expected } = phantomCase(settings.seed, split, i);
        expect({ caption, modality, factors, questions }).toEqual(expected);
        expect(await pairs.get(i)).toEqual({ image: render(settings.size), caption });
      }
    }
    expect(await readdir(join(folder, 'phantoms/images'))).toHaveLength(35);
    const shapes = await readLines<{ image: string; caption: string }>('shapes/train.jsonl');
    expect(shapes).toHaveLength(8);
    expect(await decodeImage(join(folder, 'shapes/images', shapes[3]!.image))).toEqual(shapesCase(5, 3).render(32));
  });

  it("has PneumoniaMNIST's six arrays and its shares of pneumonia", async () => {
    const arrays = await readNpz(join(folder, 'pneumoniamnist.npz'));
    expect(Object.keys(arrays).sort()).toEqual(
      ['test', 'train', 'val'].flatMap((split) => [`${split}_images`, `${split}_labels`]),
    );
    for (const [split, n, ill] of [
      ['train', 50, 37],
      ['val', 10, 7],
      ['test', 40, 25],
    ] as const) {
      expect(arrays[`${split}_images`]).toMatchObject({ shape: [n, 28, 28], dtype: 'u1' });
      const labels = arrays[`${split}_labels`]!;
      expect(labels).toMatchObject({ shape: [n, 1], dtype: 'u1' });
      expect([...(labels.data as Uint8Array)].reduce((sum, label) => sum + label, 0)).toBe(ill);
    }
  });

  it("has MedMNIST's other sets, grey or in colour, with every class in every split", async () => {
    for (const [name, classes, axes] of [
      ['pathmnist', 9, [3]],
      ['dermamnist', 7, [3]],
      ['octmnist', 4, []],
      ['retinamnist', 5, [3]],
      ['breastmnist', 2, []],
      ['bloodmnist', 8, [3]],
      ['tissuemnist', 8, []],
      ['organamnist', 11, []],
      ['organcmnist', 11, []],
      ['organsmnist', 11, []],
    ] as const) {
      const arrays = await readNpz(join(folder, `${name}.npz`));
      for (const split of ['train', 'val', 'test'] as const) {
        const n = counts.classes[split];
        expect(arrays[`${split}_images`], name).toMatchObject({ shape: [n, 28, 28, ...axes], dtype: 'u1' });
        expect(arrays[`${split}_labels`]).toMatchObject({ shape: [n, 1], dtype: 'u1' });
        expect(new Set(arrays[`${split}_labels`]!.data as Uint8Array)).toEqual(new Set(Array(classes).keys()));
      }
    }
  });

  it("has VQA-RAD's fields and irregularities, and no image in both splits", async () => {
    const read = async (name: string): Promise<VqaRadRow[]> =>
      JSON.parse(await readFile(join(folder, 'vqa-rad', name), 'utf8'));
    const train = await read('trainset.json');
    const test = await read('testset.json');
    expect([train.length, test.length]).toEqual([180, 50]);
    const fields = 'answer answer_type image_name image_organ phrase_type qid question question_type';
    for (const row of [...train, ...test]) {
      expect(Object.keys(row).sort().join(' ')).toBe(fields);
      expect(row.answer_type).toMatch(/^(OPEN|CLOSED) ?$/);
      if (row.answer_type.startsWith('CLOSED')) expect(['yes', 'no']).toContain(row.answer);
    }
    expect(train.filter(({ answer }) => typeof answer === 'number')).toHaveLength(10);
    expect(train.filter(({ answer_type }) => answer_type === 'CLOSED ')).toHaveLength(2);
    expect(new Set([...train, ...test].map(({ qid }) => qid)).size).toBe(230);
    const images = new Set(train.map(({ image_name }) => image_name));
    expect(test.some(({ image_name }) => images.has(image_name))).toBe(false);
    for (const name of await readdir(join(folder, 'vqa-rad/images'))) {
      expect(await decodeImage(join(folder, 'vqa-rad/images', name))).toMatchObject({
        width: 32,
        height: 32,
        channels: 1,
      });
    }
  });

  it('writes ChestMNIST with fourteen labels for each image, by what the image shows', async () => {
    const arrays = await readNpz(join(folder, 'chestmnist.npz'));
    for (const split of ['train', 'val', 'test']) {
      const { shape, data } = arrays[`${split}_labels`]!;
      const [count] = arrays[`${split}_images`]!.shape;
      expect(arrays[`${split}_images`]!.shape).toEqual([count, 28, 28]);
      expect(shape).toEqual([count, 14]);
      for (let i = 0; i < count!; i++) {
        const { factors } = chestCase(settings.seed, split, i);
        const row = Array.from(data.slice(i * 14, (i + 1) * 14) as Uint8Array);
        // A few labels, written down apart from the generator.
        expect(row[1]).toBe(factors.heart === 'enlarged' ? 1 : 0);
        expect(row[3]).toBe(factors.finding === 'opacity' ? 1 : 0);
        expect(row[4]! + row[5]!).toBe(factors.finding === 'nodule' ? 1 : 0);
        expect(row[7]).toBe(factors.pneumothorax === 'present' ? 1 : 0);
      }
    }
  });

  it('has the tables and names of the data sets whose images are files', async () => {
    const lines = async (path: string) => (await readFile(join(folder, path), 'utf8')).trimEnd().split('\n');
    const ham = await readCsv(join(folder, 'ham10000/HAM10000_metadata.csv'));
    expect(ham).toHaveLength(33);
    expect(new Set(ham.map(({ lesion_id }) => lesion_id)).size).toBeLessThan(25);
    const pad = await readCsv(join(folder, 'pad-ufes-20/metadata.csv'));
    expect([pad.length, Object.keys(pad[0]!).length]).toEqual([33, 26]);
    const bach = await lines('bach/ICIAR2018_BACH_Challenge/Photos/microscopy_ground_truth.csv');
    expect([bach.length, bach[0]]).toEqual([33, 'b001.tif,Benign']);
    const colon = await readdir(join(folder, 'lc25000/lung_colon_image_set/colon_image_sets/colon_aca'));
    expect(colon).toContain('colonca1.jpeg');
    for (const [set, form] of [
      ['NCT-CRC-HE-100K', /^BACK-[A-Z]{8}\.tif$/],
      ['CRC-VAL-HE-7K', /^BACK-TCGA-[A-Z]{8}\.tif$/],
    ] as const) {
      const names = await readdir(join(folder, 'nct-crc', set, 'BACK'));
      for (const name of names) expect(name).toMatch(form);
      const image = await decodeImage(join(folder, 'nct-crc', set, 'BACK', names[0]!));
      expect(image).toMatchObject({ width: 32, height: 32, channels: 3 });
    }
    const findings = await readCsv(join(folder, 'vindr-mammo/finding_annotations.csv'));
    const lists = new Set(findings.map(({ finding_categories }) => finding_categories));
    for (const list of ["['No Finding']", "['Skin Retraction']", "['Mass', 'Skin Retraction']"]) {
      expect(lists).toContain(list);
    }
    expect(new Set(findings.map(({ split }) => split))).toEqual(new Set(['training', 'test']));
    for (const split of new Set(findings.map(({ study_id }) => study_id))) {
      expect(new Set(findings.filter(({ study_id }) => study_id === split).map((row) => row.split)).size).toBe(1);
    }
  });

  it('has a manifest with its settings and is marked as generated', async () => {
    expect(await findPhantomManifest(folder)).toEqual({
      generator: '@medbench/phantoms',
      version: 5,
      seed: 5,
      size: 32,
      counts,
      synthetic: true,
    });
    expect(await isGenerated(folder)).toBe(true);
    expect(await findPhantomManifest(root)).toBeUndefined();
  });
});

describe('writePhantoms', () => {
  it('writes the same bytes for the same settings, and other bytes for another seed', async () => {
    const copy = join(root, 'again');
    await writePhantoms(copy, settings);
    const first = await contents(folder);
    expect(await contents(copy)).toEqual(first);
    await writePhantoms(copy, { ...settings, seed: 6 });
    const other = await contents(copy);
    const same = Object.keys(first).filter((name) => first[name] === other[name]);
    // Only a note and two tables of names and sizes are the same; all else depends on the seed.
    expect(same.sort()).toEqual([
      '/GENERATED.txt',
      '/bach/ICIAR2018_BACH_Challenge/Photos/microscopy_ground_truth.csv',
      '/webdataset/sizes.json',
    ]);
  });

  it('leaves a complete set alone and rewrites an incomplete one', async () => {
    const marker = join(folder, 'phantoms/images/train-00000.png');
    const before = await readFile(marker);
    const complete = await readdir(folder);
    expect(complete).toEqual(expect.arrayContaining(['GENERATED.txt', 'PHANTOM.json', 'shapes', 'vqa-rad']));
    await utimes(marker, 1, 1);
    await writePhantoms(folder, settings);
    await writeFile(marker, 'changed');
    await writePhantoms(folder, settings);
    expect(await readFile(marker, 'utf8')).toBe('changed');
    // The state that a kill leaves behind while the set is moved into place.
    await rm(join(folder, 'PHANTOM.json'));
    await writeFile(join(folder, 'PHANTOM.moving'), '');
    await rm(join(folder, 'shapes'), { recursive: true });
    expect(await findPhantomManifest(folder)).toBeUndefined();
    await writePhantoms(folder, settings);
    expect(await readFile(marker)).toEqual(before);
    expect(await readdir(folder)).toEqual(complete);
  });

  it('removes the temporary folders of killed writers, and no others', async () => {
    const old = join(folder, '.phantoms-1-abcd');
    const fresh = join(folder, '.phantoms-2-abcd');
    await Promise.all([old, fresh].map((path) => mkdir(path)));
    await utimes(old, 1, 1);
    await writePhantoms(folder, { ...settings, size: 16 });
    const remaining = await readdir(folder);
    expect(remaining).not.toContain('.phantoms-1-abcd');
    expect(remaining).toContain('.phantoms-2-abcd');
    await rm(fresh, { recursive: true });
    await writePhantoms(folder, settings);
  });

  it('lets two writers work at once', async () => {
    const shared = join(root, 'shared');
    await Promise.all([writePhantoms(shared, settings), writePhantoms(shared, settings)]);
    expect(await contents(shared)).toEqual(await contents(folder));
  });

  it('writes the parts that are needed, and later the others with the same bytes', async () => {
    const some = join(root, 'some');
    const parts = ['vqa-rad', 'shapes'];
    await writePhantoms(some, { ...settings, parts });
    const names = ['GENERATED.txt', 'PHANTOM.json', ...parts].sort();
    expect((await readdir(some)).filter((name) => name !== '.lock').sort()).toEqual(names);
    expect(await findPhantomManifest(some)).toMatchObject({ counts, parts: ['shapes', 'vqa-rad'] });
    const question = join(some, 'vqa-rad/trainset.json');
    await utimes(question, 1, 1);
    await writePhantoms(some, { ...settings, parts: ['vqa-rad', 'pcam'] });
    expect(await findPhantomManifest(some)).toMatchObject({ parts: ['shapes', 'vqa-rad', 'pcam'] });
    await Promise.all([writePhantoms(some, settings), writePhantoms(some, { ...settings, parts: ['roco'] })]);
    // What was there was left alone.
    expect((await stat(question)).mtimeMs).toBe(1000);
    expect(await contents(some)).toEqual(await contents(folder));
    // Other settings begin another set.
    await writePhantoms(some, { ...settings, seed: 6, parts });
    expect((await readdir(some)).filter((name) => name !== '.lock').sort()).toEqual(names);
    await expect(writePhantoms(some, { ...settings, parts: ['ct'] })).rejects.toMatchObject({
      code: 'usage',
      message: 'The phantoms have no part ct',
    });
  });

  it('refuses to add a part under the name of data that it did not write', async () => {
    const mixed = join(root, 'mixed');
    await writePhantoms(mixed, { ...settings, parts: ['vqa-rad'] });
    await mkdir(join(mixed, 'roco'));
    await writePhantoms(mixed, { ...settings, parts: ['vqa-rad', 'breastmnist.npz'] });
    await expect(writePhantoms(mixed, settings)).rejects.toMatchObject({ code: 'data', message: /roco exists/ });
    expect(await readdir(join(mixed, 'roco'))).toEqual([]);
  });

  it('refuses to touch data that it did not write, and settings out of range', async () => {
    const real = join(root, 'real');
    await mkdir(join(real, 'vqa-rad'), { recursive: true });
    await writeFile(join(real, 'vqa-rad/trainset.json'), '[]');
    await expect(writePhantoms(real, settings)).rejects.toMatchObject({ code: 'data', message: /vqa-rad exists/ });
    expect(await readdir(real)).toEqual(['vqa-rad']);
    await expect(writePhantoms(real, { size: 3 })).rejects.toMatchObject({ code: 'usage', message: /size is 3/ });
  });
});

describe('phantomFingerprint', () => {
  it('changes with every setting and is the same for defaults written out', () => {
    const fingerprint = phantomFingerprint;
    expect(fingerprint({})).toBe(fingerprint({ seed: 0, size: 64, counts: {} }));
    expect(fingerprint({})).toMatch(/^[0-9a-f]{64}$/);
    expect(
      new Set([
        fingerprint({}),
        fingerprint({ seed: 1 }),
        fingerprint({ size: 48 }),
        fingerprint({ counts: { shapes: { train: 1 } } }),
      ]).size,
    ).toBe(4);
  });
});

describe('encodeSmallPng', () => {
  it('writes grey and colour images, with short and long rows, that an independent decoder reads back', async () => {
    for (const [width, height, channels] of [
      [1, 1, 1],
      [7, 3, 3],
      [64, 64, 3],
      [300, 2, 1],
    ] as const) {
      const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 89) % 251);
      expect(await decodeImage(await encodeSmallPng({ width, height, channels, data }))).toEqual({
        width,
        height,
        channels,
        data,
      });
    }
  });
});
