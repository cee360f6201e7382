import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Corpus, DataInspection } from '@medbench/core';
import { testContext } from '@medbench/core/testing';
import { PmcOa } from '@medbench/corpora-pmc-oa';
import { Quilt1M } from '@medbench/corpora-quilt-1m';
import { Roco, rocoTable } from '@medbench/corpora-roco';
import { WebDatasetCorpus } from '@medbench/corpora-webdataset';
import { deepGreyPng, sharedData } from '@medbench/data/testing';
import { tarEnd, tarMember } from '@medbench/formats';
import { PadUfes20 } from '@medbench/tasks-pad-ufes-20';
import { RocoRetrieval } from '@medbench/tasks-roco-retrieval';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-layouts-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** The files of a split's images, below the data folder. */
async function files({ examples }: DataInspection, split: string): Promise<string[]> {
  const { images } = examples![split]!;
  const paths = await Promise.all(Array.from({ length: images.length }, (_, i) => images.file!(i)));
  return paths.map((path) => path.slice(root.length + 1));
}
const inspect = (corpus: Corpus, settings = {}) => corpus.inspect!({ ...testContext({ dataRoot: root, settings }) });

describe('ROCO', () => {
  const figures = ['PMC1_a-i01.jpg', 'PMC2_b-i02.jpg'];
  const captions = 'ROCO_00001\t A chest.\nROCO_00002\t A hand, "left".\n';
  const csv = `id,name,caption\nROCO_00001,${figures[0]}, A chest.\nROCO_00002,${figures[1]}," A hand, ""left""."\n`;

  it.each([
    ['the repository', 'roco/data/train', ['ROCO_00001.jpg', 'ROCO_00002.jpg'], {}],
    ['the Kaggle copy', 'roco/all_data/train', figures, { 'radiology/traindata.csv': csv }],
    ['the Kaggle copy, with its table above', 'roco/all_data/train', figures, { 'radiologytraindata.csv': csv }],
    ['the Kaggle copy without all_data', 'roco/train', figures, { 'radiology/traindata.csv': csv }],
    [
      'the Kaggle copy without its table',
      'roco/all_data/train',
      figures,
      {
        'radiology/licences.txt': `ROCO_ID,PMC_ID,CC\nROCO_00002,${figures[1]},CC BY\nROCO_00001,${figures[0]},CC BY\n`,
      },
    ],
  ])('is read in the layout of %s', async (_, base, names, others: Readonly<Record<string, string>>) => {
    write(`${base}/radiology/captions.txt`, captions);
    for (const [path, content] of Object.entries(others)) write(`${base}/${path}`, content);
    for (const name of names) write(`${base}/radiology/images/${name}`);
    write(`${base}/radiology/images/.DS_Store`);
    const inspection = await inspect(new Roco());
    expect(await files(inspection, 'train')).toEqual(names.map((name) => `${base}/radiology/images/${name}`));
  });

  it('names the row of captions.txt whose figure licences.txt does not name', async () => {
    write('roco/all_data/train/radiology/captions.txt', captions);
    write('roco/all_data/train/radiology/licences.txt', `ROCO_ID,PMC_ID,CC\nROCO_00001,${figures[0]},CC BY\n`);
    write(`roco/all_data/train/radiology/images/${figures[0]}`);
    await expect(inspect(new Roco())).rejects.toThrow(/licences\.txt does not name the figure of ROCO_00002/);
  });

  it('finds the validation table under the name that it has', async () => {
    write('roco/all_data/validation/radiology/valdata.csv', csv);
    write(`roco/all_data/validation/radiology/images/${figures[0]}`);
    expect(rocoTable(testContext({ dataRoot: root }), 'validation').table).toMatch(/valdata\.csv$/);
  });

  const real = sharedData('roco-cc-by/data/test/radiology');
  it.skipIf(!real)('is read from real text files, in both layouts', async () => {
    const rows = readFileSync(join(real!, 'licences.txt'), 'utf8').trim().split('\n').slice(1);
    for (const [base, names] of [
      ['roco/data', rows.map((row) => `${row.split(',')[0]}.jpg`)],
      ['roco/all_data', rows.map((row) => row.split(',')[1]!)],
    ] as const) {
      const folder = `${base}/test/radiology`;
      for (const name of names) write(`${folder}/images/${name}`);
      for (const name of ['captions.txt', 'licences.txt']) copyFileSync(join(real!, name), join(root, folder, name));
      const inspection = await new RocoRetrieval().inspect(testContext({ dataRoot: root }));
      // An independent count: the rows of licences.txt, each of which captions.txt has too.
      expect(inspection.splits.test).toEqual({ examples: 3453, groups: 3453 });
      expect((await files(inspection, 'test')).sort()).toEqual(names.map((name) => `${folder}/images/${name}`).sort());
      rmSync(join(root, 'roco'), { recursive: true });
    }
  });
});

describe('PMC-OA', () => {
  it.each([
    'pmc-oa/images/caption_T060_filtered_top4_sep_v0_subfigures',
    'pmc-oa/caption_T060_filtered_top4_sep_v0_subfigures',
    'pmc-oa/images',
  ])('is read with its images in %s', async (folder) => {
    const row = { image: 'PMC1_Fig1_1.jpg', caption: 'A.', alignment_type: 'a', alignment_score: 0.5 };
    write('pmc-oa/pmc_oa.jsonl', `${JSON.stringify(row)}\n`);
    write(`${folder}/PMC1_Fig1_1.jpg`);
    expect(await files(await inspect(new PmcOa()), 'train')).toEqual([`${folder}/PMC1_Fig1_1.jpg`]);
  });
});

describe('Quilt-1M', () => {
  it.each(['quilt-1m/images_part_N/quilt_1m', 'quilt-1m/images/images_part_N/quilt_1m', 'quilt-1m/quilt_1m'])(
    'is read with its images in %s',
    async (pattern) => {
      const names = ['a.jpg', 'b.jpg', 'c.jpg'];
      write(
        'quilt-1m/quilt_1M_lookup.csv',
        `,caption,image_path,subset,split\n${names.map((name, i) => `${i},Text ${i},${name},quilt,train`).join('\n')}\n`,
      );
      const places = names.map((name, i) => `${pattern.replace('N', String([1, 2, 10][i]))}/${name}`);
      for (const place of places) write(place);
      expect(await files(await inspect(new Quilt1M(), { subsets: 'all', rows: 'train' }), 'train')).toEqual(places);
    },
  );
});

describe('PAD-UFES-20', () => {
  const real = sharedData('pad-ufes-20/metadata.csv');
  it.skipIf(!real)('has the published counts and divides no patient, from the real table', async () => {
    const lines = readFileSync(real!, 'utf8').trim().split('\n');
    const column = lines[0]!.split(',').indexOf('img_id');
    write('pad-ufes-20/images/none.png');
    for (const line of lines.slice(1)) write(`pad-ufes-20/images/${line.split(',')[column]}`);
    for (const text of [lines.join('\n'), lines.join('\r\n')]) {
      write('pad-ufes-20/metadata.csv', `${text}\n`);
      const { splits } = await new PadUfes20().inspect(testContext({ dataRoot: root }));
      expect(splits).toMatchObject({ train: { examples: 1838, groups: 1099 }, test: { examples: 460, groups: 274 } });
      // Published: BCC 845, MEL 52, SCC 192, ACK 730, NEV 244, SEK 235.
      const classes = splits.train!.classes!.map((count, i) => count + splits.test!.classes![i]!);
      expect(classes).toEqual([845, 52, 192, 730, 244, 235]);
    }
  });
});

describe('shards of img2dataset', () => {
  const real = sharedData('img2dataset-shards');
  it.skipIf(!real)('are read as they were written, with their tables beside them', async () => {
    const shards = { shards: real!, caption: '', window: 'full' };
    const inspection = await inspect(new WebDatasetCorpus() as Corpus, shards);
    expect(inspection.splits).toEqual({ train: { examples: 58 } });
    const { images } = inspection.examples!.train!;
    expect((await images.get(57)).data.length).toBeGreaterThan(0);
    const withField = await inspect(new WebDatasetCorpus() as Corpus, { ...shards, caption: 'caption' });
    expect(withField.splits).toEqual(inspection.splits);
  });
});

describe('grey levels of pairs', () => {
  const png = deepGreyPng(2, 1, [0, 4095]);

  it('come from the setting window, for corpora of tables and of shards, in workers too', async () => {
    write('webdataset/00000.tar');
    writeFileSync(
      join(root, 'webdataset/00000.tar'),
      Buffer.concat([tarMember('a.png', png), tarMember('a.txt', Buffer.from('A.')), tarEnd()]),
    );
    const logged: string[] = [];
    const open = async (window: string) => {
      const settings = { shards: 'webdataset', caption: '', window };
      const context = { ...testContext({ dataRoot: root, settings }), log: (text: string) => void logged.push(text) };
      return (await new WebDatasetCorpus().open(context)).pairs;
    };
    const full = await open('full');
    expect([...(await full.get(0)).image.data]).toEqual([0, 16]);
    expect(logged).toEqual([expect.stringMatching(/corpusSettings\.webdataset\.window=0-4095/)]);
    const windowed = await open('0-4095');
    expect([...(await windowed.get(0)).image.data]).toEqual([0, 255]);
    expect(await windowed.encoded!(0)).toMatchObject({ window: [0, 4095] });
    expect(logged).toHaveLength(1);
  });
});
