import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { encodeJpeg } from '@medbench/data';
import { readCsv } from '@medbench/formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ham10000 } from './index.js';

const HEADER = 'lesion_id,image_id,dx,dx_type,age,sex,localization,dataset';
const tableRow = (lesion: number, image: number, dx: string): string =>
  `HAM_${lesion},ISIC_${String(image).padStart(7, '0')},${dx},histo,,male,scalp,vidir_modern`;

let root: string;
const table = (rows: readonly string[], header = HEADER): void =>
  writeFileSync(join(root, 'ham10000/HAM10000_metadata'), `${[header, ...rows].join('\n')}\n`);
const context = (settings = {}) => testContext({ dataRoot: root, settings });
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-ham-'));
  for (const part of [1, 2]) mkdirSync(join(root, `ham10000/HAM10000_images_part_${part}`), { recursive: true });
  for (let i = 0; i < 40; i++) {
    const name = `ISIC_${String(i).padStart(7, '0')}.jpg`;
    writeFileSync(join(root, `ham10000/HAM10000_images_part_${1 + (i % 2)}`, name), '');
  }
});
afterEach(() => rmSync(root, { recursive: true }));

describe('HAM10000', () => {
  // Forty images of ten lesions, four each, of two diagnoses.
  const rows = Array.from({ length: 40 }, (_, i) => tableRow(i >> 2, i, i < 20 ? 'nv' : 'mel'));

  it('labels by code and never divides a lesion, whatever the order of the table', async () => {
    table(rows);
    const { train, test } = await new Ham10000().open(context());
    expect([train.labels.length, test.labels.length]).toEqual([32, 8]);
    // Labels are alphabetical: mel is 4, nv is 5. One lesion of each is held out.
    expect([...new Set([...train.labels, ...test.labels])].sort()).toEqual([4, 5]);
    expect(test.labels.filter((label) => label === 4)).toHaveLength(4);
    expect(new Set(test.groups).size).toBe(2);
    expect(new Set(train.groups).size).toBe(8);
    table([...rows].reverse());
    expect((await new Ham10000().open(context())).test.labels).toEqual(test.labels);
  });

  it.each([
    ['HAM10000_metadata.tab', '\t'],
    ['HAM10000_metadata', '\t'],
    ['HAM10000_metadata.csv', ';'],
  ])('reads %s as Dataverse hands it out, with texts in quotes', async (name, delimiter) => {
    const quoted = [HEADER, ...rows].map((line) =>
      line
        .split(',')
        .map((field) => `"${field}"`)
        .join(delimiter),
    );
    writeFileSync(join(root, 'ham10000', name), `${quoted.join('\r\n')}\r\n`);
    const { train, test } = await new Ham10000().open(context());
    expect([train.labels.length, test.labels.length]).toEqual([32, 8]);
  });

  it('notes how many test images leak if it divides image by image', async () => {
    table(rows);
    const { test, notes } = await new Ham10000().open(context({ split: 'paper-like' }));
    expect(test.labels).toHaveLength(8);
    expect(notes![0]).toMatch(/^split image by image: [1-8] of 8 test images show a lesion of the training split$/);
  });

  it('reads the image that a row names from either part', async () => {
    table(rows);
    const grey = (value: number) =>
      encodeJpeg({ width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(value) }, 95);
    const names = (await readCsv(join(root, 'ham10000/HAM10000_metadata'))).map(({ image_id }) => image_id!);
    for (const [i, name] of names.entries()) {
      const bytes = await grey(i < 20 ? 200 : 20);
      writeFileSync(join(root, `ham10000/HAM10000_images_part_${1 + (i % 2)}/${name}.jpg`), bytes);
    }
    const { test } = await new Ham10000().open(context());
    for (let i = 0; i < 8; i++) {
      const { data } = await test.images.get(i);
      expect(data[0]! > 100).toBe(test.labels[i] === 5);
    }
  });

  it.each([
    [
      'a missing image, with its row',
      [tableRow(1, 99, 'nv')],
      HEADER,
      /HAM10000_metadata: row 1 names the image "ISIC_0000099\.jpg"/,
    ],
    [
      'an unknown diagnosis',
      [tableRow(0, 0, 'nv'), tableRow(1, 1, 'scc')],
      HEADER,
      /row 2 has the class "scc", which is none of akiec/,
    ],
    ['a missing column', rows, HEADER.replace('lesion_id', 'lesion'), /has no column "lesion_id"/],
  ])('names %s', async (_, lines, header, message) => {
    table(lines, header);
    await expect(new Ham10000().open(context())).rejects.toThrow(message);
  });

  it('names the part that was not unpacked and refuses to make a fingerprint', async () => {
    table(rows);
    rmSync(join(root, 'ham10000/HAM10000_images_part_2'), { recursive: true });
    await expect(new Ham10000().fingerprint(context())).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('HAM10000_images_part_2'),
      hint: expect.stringContaining('doi.org/10.7910/DVN/DBW86T'),
    });
  });

  it('has a fingerprint that changes with the table and the list of images', async () => {
    table(rows);
    const first = await new Ham10000().fingerprint(context());
    expect(await new Ham10000().fingerprint(context())).toBe(first);
    writeFileSync(join(root, 'ham10000/HAM10000_images_part_1/ISIC_0000000.jpg'), 'longer');
    const second = await new Ham10000().fingerprint(context());
    table(rows.slice(1));
    expect(new Set([first, second, await new Ham10000().fingerprint(context())]).size).toBe(3);
  });
});
