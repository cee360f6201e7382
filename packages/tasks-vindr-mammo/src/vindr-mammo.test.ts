import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constantModel, testContext } from '@medbench/core/testing';
import { encodePng } from '@medbench/data';
import { deepGreyPng } from '@medbench/data/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VindrMammo } from './index.js';

const HEADER = 'study_id,image_id,laterality,finding_categories,finding_birads,xmin,split';
const tableRow = (study: string, image: string, findings: string, split = 'test'): string =>
  `${study},${image},L,"${findings}",,,${split}`;

let root: string;
const table = (rows: readonly string[], header = HEADER): void =>
  writeFileSync(join(root, 'vindr-mammo/finding_annotations.csv'), `${[header, ...rows].join('\n')}\n`);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-vindr-'));
  for (const study of ['s1', 's2']) {
    mkdirSync(join(root, 'vindr-mammo/images', study), { recursive: true });
    for (const image of ['a', 'b']) writeFileSync(join(root, 'vindr-mammo/images', study, `${image}.dicom`), '');
  }
});
afterEach(() => rmSync(root, { recursive: true }));

describe('VinDr-Mammo', () => {
  const open = (settings = {}) => new VindrMammo().open(testContext({ dataRoot: root, settings }));

  it('takes only rows with one finding and never labels a row without a finding as a mass', async () => {
    table([
      tableRow('s1', 'a', "['No Finding']"),
      tableRow('s1', 'b', "['Suspicious Lymph Node']"),
      tableRow('s1', 'b', "['Mass', 'Skin Retraction']"),
      tableRow('s2', 'a', "['Mass']"),
      tableRow('s2', 'a', "['Focal Asymmetry']"),
      tableRow('s2', 'b', "['Nipple Retraction']", 'training'),
    ]);
    const { train, test, notes } = await open();
    expect([...test.labels]).toEqual([9, 0, 3]);
    expect([...train.labels]).toEqual([8]);
    // Findings of one study form a group, which confidence intervals resample as a whole.
    expect([...test.groups!]).toEqual([0, 1, 1]);
    expect(notes).toEqual(['left out: 1 rows without a finding, 1 with several']);
  });

  it('labels rows without a finding as a mass if labels=study says so, and leaves out rows with several', async () => {
    table([
      tableRow('s1', 'a', "['No Finding']"),
      tableRow('s1', 'b', "['Suspicious Lymph Node']"),
      tableRow('s1', 'b', "['Mass', 'Skin Retraction']"),
      tableRow('s2', 'a', "['Mass']"),
      tableRow('s2', 'b', "['No Finding']", 'training'),
    ]);
    const { train, test, notes } = await open({ labels: 'study' });
    expect([...test.labels]).toEqual([0, 9, 0]);
    expect([...train.labels]).toEqual([0]);
    expect(notes).toEqual([
      'left out: 0 rows without a finding, 1 with several',
      '2 rows without a finding count as "Mass", as in the study\'s code',
    ]);
  });

  it('reads PNG files converted from the DICOM files if only these exist', async () => {
    table([tableRow('s1', 'a', "['Mass']"), tableRow('s1', 'b', "['Mass']", 'training')]);
    rmSync(join(root, 'vindr-mammo/images'), { recursive: true });
    const folder = join(root, 'vindr-mammo/Processed_Images/s1');
    mkdirSync(folder, { recursive: true });
    const image = { width: 2, height: 1, channels: 1 as const, data: Uint8Array.of(3, 200) };
    for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.png`), await encodePng(image));
    expect(await (await open()).test.images.get(0)).toEqual(image);
  });

  it('has differences if the table does not name the published numbers of images', async () => {
    table([tableRow('s1', 'a', "['Mass']"), tableRow('s1', 'a', "['Mass']"), tableRow('s2', 'b', "['No Finding']")]);
    const small = await new VindrMammo().inspect(testContext({ dataRoot: root, settings: {} }));
    expect(small.differences).toEqual([
      'training: 0 images in the table, published 16000',
      'test: 2 images in the table, published 4000',
    ]);
    // As published: four images of each of 5,000 studies, a fifth of them for the test, some with several rows.
    const rows = Array.from({ length: 20_000 }, (_, i) =>
      tableRow(`t${i >> 2}`, `i${i}`, "['No Finding']", i < 16_000 ? 'training' : 'test'),
    );
    table([...rows, ...rows.slice(0, 486)]);
    expect((await new VindrMammo().inspect(testContext({ dataRoot: root, settings: {} }))).differences).toEqual([]);
  });

  it('takes the levels of 16-bit PNG files that the setting window says', async () => {
    table(['a', 'b'].map((image) => tableRow('s1', image, "['Mass']")));
    rmSync(join(root, 'vindr-mammo/images'), { recursive: true });
    const folder = join(root, 'vindr-mammo/Processed_Images/s1');
    mkdirSync(folder, { recursive: true });
    for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.png`), deepGreyPng(4, 1, [0, 819, 2048, 4095]));
    const levels = async (window: string) => [...(await (await open({ window })).test.images.get(0)).data];
    expect(await levels('full')).toEqual([0, 3, 8, 16]);
    // 255 (level - low) / (high - low), rounded and clipped.
    expect(await levels('0-4095')).toEqual([0, 51, 128, 255]);
    expect(await levels('819-2048')).toEqual([0, 0, 255, 255]);
    expect(await levels('auto')).toEqual([0, 51, 128, 255]);
    for (const wrong of ['4095', '4095-0', '0-70000', 'all']) {
      await expect(levels(wrong), wrong).rejects.toThrow(
        /taskSettings\.vindr-mammo\.window is ".*", which is no window/,
      );
    }
    const logged: string[] = [];
    const evaluate = (window: string) =>
      new VindrMammo().evaluate(constantModel(), {
        ...testContext({ dataRoot: root, settings: { window } }),
        protocols: [],
        log: (message) => void logged.push(message),
      });
    await evaluate('full');
    expect(logged).toEqual([
      expect.stringMatching(/^vindr-mammo: .*up to 4095 of 65535 .*taskSettings\.vindr-mammo\.window=0-4095/),
    ]);
    await evaluate('0-4095');
    expect(logged).toHaveLength(1);
  });

  it.each<[string, string, string, RegExp]>([
    ['a missing image', tableRow('s1', 'z', "['Mass']"), HEADER, /row 1 names an image that is not there: .*z\.dicom/],
    [
      'an unknown split',
      tableRow('s1', 'a', "['Mass']", 'val'),
      HEADER,
      /row 1 has a value in "split" that is none of/,
    ],
    ['a missing column', tableRow('s1', 'a', "['Mass']"), HEADER.replace('split', 'fold'), /has no column "split"/],
  ])('names %s', async (_, row, header, message) => {
    table([row], header);
    await expect(open()).rejects.toThrow(message);
  });

  it('names the row of an unknown finding but does not quote it', async () => {
    table([tableRow('s1', 'a', "['Mass']"), tableRow('s1', 'b', "['Secret']")]);
    await expect(open()).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/^(?!.*Secret).*row 2 has a value in "finding_categories"/),
    });
  });
});
