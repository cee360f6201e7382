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

/** Cases of a stream whose modalities go round. */
const casesOf = (seed: number, stream: string, count: number, modalities: readonly PhantomModality[]): PhantomCase[] =>
  Array.from({ length: count }, (_, i) => streamCase(seed, stream, i, modalities[i % modalities.length]!));

/** Writes a JPEG for each case into one folder, which is made. */
async function writeJpegs(
  folder: string,
  size: number,
  cases: readonly PhantomCase[],
  nameOf: (index: number) => string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeImages(cases.length, (i) => ({ path: join(folder, nameOf(i)), image: cases[i]!.render(size) }), jpeg);
}

/** Writes `pmc-oa/train.jsonl` and `pmc-oa/images` below `folder`: figures of all five modalities. */
export async function writePmcOa(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const cases = casesOf(seed, 'pmc-oa', counts.corpora.train, PHANTOM_MODALITIES);
  const nameOf = (i: number): string => `PMC${212319 + Math.floor(i / 4)}_Fig${(i % 4) + 1}_1.jpg`;
  await writeJpegs(join(folder, 'pmc-oa', 'images'), size, cases, nameOf);
  const rows = cases.map(({ caption }, i) => ({ image: nameOf(i), caption: `${'ABCD'[i % 4]!}. ${caption}` }));
  await writeFile(join(folder, 'pmc-oa', 'train.jsonl'), jsonLines(rows));
}

const QUILT_HEADER = [
  ...['', 'caption', 'image_path', 'subset', 'split', 'pathology', 'roi_text', 'noisy_text', 'corrected_text'],
  ...['med_umls_ids', 'magnification', 'height', 'width'],
];

/**
 * Writes `quilt-1m/quilt_1M_lookup.csv` and `quilt-1m/quilt_1m` below `folder`: histopathology, of which every fifth
 * image has a second caption; captions hold commas, quotes and line breaks, as there.
 */
export async function writeQuilt(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const total = counts.corpora.train + counts.corpora.test;
  const cases = casesOf(seed, 'quilt-1m', total, ['histopathology']);
  const nameOf = (i: number): string => `${String(i).padStart(6, '0')}_image_${i % 7}.jpg`;
  await writeJpegs(join(folder, 'quilt-1m', 'quilt_1m'), size, cases, nameOf);
  const rows = cases.flatMap(({ caption }, i) => {
    const split = i < counts.corpora.train ? 'train' : 'val';
    const subset = ['openpath', 'pubmed', 'quilt', 'laion'][i % 4]!;
    const row = (text: string): (string | number)[] => [
      ...[text, nameOf(i), subset, split, "['Breast pathology']", "['']", `"${text}"`, text],
      ...['[]', i % 3 === 0 ? '' : `${i % 3}.0`, size, size],
    ];
    // What is said in a video does not end where an image does.
    return i % 5 === 0 ? [row(caption), row(`As we look closer,\n"${caption}"`)] : [row(caption)];
  });
  const table = [QUILT_HEADER, ...rows.map((row, i) => [i, ...row])];
  await writeFile(join(folder, 'quilt-1m', 'quilt_1M_lookup.csv'), csvText(table));
}

/** Writes `roco/data/{train,validation,test}/radiology` below `folder`: captions and JPEGs of chest and breast. */
export async function writeRoco(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  let first = 1;
  for (const [split, count] of [
    ['train', counts.corpora.train],
    ['validation', Math.ceil(counts.corpora.test / 4)],
    ['test', counts.corpora.test],
  ] as const) {
    const cases = casesOf(seed, `roco-${split}`, count, ['radiology', 'ultrasound']);
    const from = first;
    const idOf = (i: number): string => `ROCO_${String(from + i).padStart(5, '0')}`;
    const place = join(folder, 'roco', 'data', split, 'radiology');
    await writeJpegs(join(place, 'images'), size, cases, (i) => `${idOf(i)}.jpg`);
    const lines = cases.map(({ caption }, i) => `${idOf(i)}\t ${caption}\n`);
    await writeFile(join(place, 'captions.txt'), lines.join(''));
    first += count;
  }
}

/** Writes `deepeyenet/DeepEyeNet_test.json` and the images that it names below `folder`: the retina. */
export async function writeDeepEyeNet(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const cases = casesOf(seed, 'deepeyenet', counts.corpora.test, ['ophthalmology']);
  const place = join(folder, 'deepeyenet');
  const nameOf = (i: number): string => `${String(i).padStart(4, '0')}.jpg`;
  await writeJpegs(join(place, 'eyenet0420', 'test_set'), size, cases, nameOf);
  const rows = cases.map(({ caption, factors }, i) => ({
    [`eyenet0420/test_set/${nameOf(i)}`]: {
      keywords: Object.values(factors).slice(0, 2).join(', '),
      'clinical-description': caption,
    },
  }));
  await writeFile(join(place, 'DeepEyeNet_test.json'), JSON.stringify(rows));
}

/** Samples of a shard. */
const SHARD = 100;

/** Writes `webdataset/00000.tar` and on, with `sizes.json`, below `folder`: pairs of all five modalities. */
export async function writeWebDataset(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const cases = casesOf(seed, 'webdataset', counts.corpora.train, PHANTOM_MODALITIES);
  const place = join(folder, 'webdataset');
  await mkdir(place, { recursive: true });
  const sizes: Record<string, number> = {};
  for (let from = 0; from < cases.length; from += SHARD) {
    const members: Uint8Array[] = [];
    for (const [i, { caption, render }] of cases.slice(from, from + SHARD).entries()) {
      const key = String(from + i).padStart(9, '0');
      members.push(tarMember(`${key}.jpg`, await jpeg(render(size))), tarMember(`${key}.txt`, Buffer.from(caption)));
    }
    const name = `${String(from / SHARD).padStart(5, '0')}.tar`;
    sizes[name] = members.length / 2;
    await writeFile(join(place, name), Buffer.concat([...members, tarEnd()]));
  }
  await writeFile(join(place, 'sizes.json'), `${JSON.stringify(sizes)}\n`);
}
