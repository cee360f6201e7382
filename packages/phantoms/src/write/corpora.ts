import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeJpeg } from '@medbench/data';
import { tarEnd, tarMember } from '@medbench/formats';
import { type PhantomCase, streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import { PHANTOM_MODALITIES, type PhantomModality } from '../model.js';
import { jsonLines, writeImages } from './images.js';
import { csvText } from './labelled.js';

const jpeg = (image: Parameters<typeof encodeJpeg>[0]): Promise<Uint8Array> => encodeJpeg(image, 92);

/** The first `count` cases of a stream, which cycle through the modalities. */
const streamCases = (
  seed: number,
  stream: string,
  count: number,
  modalities: readonly PhantomModality[],
): PhantomCase[] =>
  Array.from({ length: count }, (_, i) => streamCase(seed, stream, i, modalities[i % modalities.length]!));

/** Makes a folder and writes a JPEG for each case into it. */
async function writeJpegs(
  folder: string,
  size: number,
  cases: readonly PhantomCase[],
  fileName: (index: number) => string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeImages(cases.length, (i) => ({ path: join(folder, fileName(i)), image: cases[i]!.render(size) }), jpeg);
}

/** Writes `pmc-oa/train.jsonl`, `pmc-oa/valid.jsonl` and `pmc-oa/images` below `folder`: figures of all five modalities. */
export async function writePmcOa(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  for (const [split, stream, count, article] of [
    ['train', 'pmc-oa', counts.corpora.train, 212_319],
    ['valid', 'pmc-oa-valid', Math.ceil(counts.corpora.test / 4), 2_000_000],
  ] as const) {
    const cases = streamCases(seed, stream, count, PHANTOM_MODALITIES);
    const fileName = (i: number): string => `PMC${article + Math.floor(i / 4)}_Fig${(i % 4) + 1}_1.jpg`;
    await writeJpegs(join(folder, 'pmc-oa', 'images'), size, cases, fileName);
    const rows = cases.map(({ caption }, i) => ({ image: fileName(i), caption: `${'ABCD'[i % 4]!}. ${caption}` }));
    await writeFile(join(folder, 'pmc-oa', `${split}.jsonl`), jsonLines(rows));
  }
}

const QUILT_HEADER = [
  ...['', 'caption', 'image_path', 'subset', 'split', 'pathology', 'roi_text', 'noisy_text', 'corrected_text'],
  ...['med_umls_ids', 'magnification', 'height', 'width'],
];

/**
 * Writes `quilt-1m/quilt_1M_lookup.csv` and `quilt-1m/quilt_1m` below `folder`: histopathology. Every fifth image has a
 * second caption. Captions hold commas, quotes and line breaks, as those of the real data set do.
 */
export async function writeQuilt(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const total = counts.corpora.train + counts.corpora.test;
  const cases = streamCases(seed, 'quilt-1m', total, ['histopathology']);
  const fileName = (i: number): string => `${String(i).padStart(6, '0')}_image_${i % 7}.jpg`;
  await writeJpegs(join(folder, 'quilt-1m', 'quilt_1m'), size, cases, fileName);
  const rows = cases.flatMap(({ caption }, i) => {
    const split = i < counts.corpora.train ? 'train' : 'val';
    const subset = ['openpath', 'pubmed', 'quilt', 'laion'][i % 4]!;
    const row = (text: string): (string | number)[] => [
      ...[text, fileName(i), subset, split, "['Breast pathology']", "['']", `"${text}"`, text],
      ...['[]', i % 3 === 0 ? '' : `${i % 3}.0`, size, size],
    ];
    // Captions of the real data set come from videos, where several may belong to one image.
    return i % 5 === 0 ? [row(caption), row(`As we look closer,\n"${caption}"`)] : [row(caption)];
  });
  const table = [QUILT_HEADER, ...rows.map((row, i) => [i, ...row])];
  await writeFile(join(folder, 'quilt-1m', 'quilt_1M_lookup.csv'), csvText(table));
}

/** Writes `roco/data/{train,validation,test}/radiology` below `folder`: captions, and JPEGs of chest and breast. */
export async function writeRoco(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  let first = 1;
  for (const [split, count] of [
    ['train', counts.corpora.train],
    ['validation', Math.ceil(counts.corpora.test / 4)],
    ['test', counts.corpora.test],
  ] as const) {
    const cases = streamCases(seed, `roco-${split}`, count, ['radiology', 'ultrasound']);
    const from = first;
    const figureId = (i: number): string => `ROCO_${String(from + i).padStart(5, '0')}`;
    const dir = join(folder, 'roco', 'data', split, 'radiology');
    await writeJpegs(join(dir, 'images'), size, cases, (i) => `${figureId(i)}.jpg`);
    const lines = cases.map(({ caption }, i) => `${figureId(i)}\t ${caption}\n`);
    await writeFile(join(dir, 'captions.txt'), lines.join(''));
    first += count;
  }
}

/** Writes `deepeyenet/DeepEyeNet_test.json` and the images of the retina that it names below `folder`. */
export async function writeDeepEyeNet(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const cases = streamCases(seed, 'deepeyenet', counts.corpora.test, ['ophthalmology']);
  const dir = join(folder, 'deepeyenet');
  const fileName = (i: number): string => `${String(i).padStart(4, '0')}.jpg`;
  await writeJpegs(join(dir, 'eyenet0420', 'test_set'), size, cases, fileName);
  const rows = cases.map(({ caption, factors }, i) => ({
    [`eyenet0420/test_set/${fileName(i)}`]: {
      keywords: Object.values(factors).slice(0, 2).join(', '),
      'clinical-description': caption,
    },
  }));
  await writeFile(join(dir, 'DeepEyeNet_test.json'), JSON.stringify(rows));
}

/** Samples per shard. */
const SHARD = 100;

/** Writes shards (`webdataset/00000.tar`, …) with `sizes.json` below `folder`: pairs of all five modalities. */
export async function writeWebDataset(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const cases = streamCases(seed, 'webdataset', counts.corpora.train, PHANTOM_MODALITIES);
  const dir = join(folder, 'webdataset');
  await mkdir(dir, { recursive: true });
  const sizes: Record<string, number> = {};
  for (let from = 0; from < cases.length; from += SHARD) {
    const members: Uint8Array[] = [];
    for (const [i, { caption, render }] of cases.slice(from, from + SHARD).entries()) {
      const key = String(from + i).padStart(9, '0');
      members.push(tarMember(`${key}.jpg`, await jpeg(render(size))), tarMember(`${key}.txt`, Buffer.from(caption)));
    }
    const name = `${String(from / SHARD).padStart(5, '0')}.tar`;
    sizes[name] = members.length / 2;
    await writeFile(join(dir, name), Buffer.concat([...members, tarEnd()]));
  }
  await writeFile(join(dir, 'sizes.json'), `${JSON.stringify(sizes)}\n`);
}
