import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { sharedData } from '@medbench/data/testing';
import { readXlsx } from '@medbench/formats';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SicapV2 } from './index.js';

type Row = readonly (string | number)[];

/** A workbook of one sheet with its texts in the cells (`inlineStr`), unlike the workbooks of the phantoms. */
function workbook(rows: readonly Row[]): Uint8Array {
  const cell = (value: string | number, column: number, row: number): string => {
    const reference = `${'ABCDEF'[column]}${row + 1}`;
    return typeof value === 'number'
      ? `<c r="${reference}"><v>${value}</v></c>`
      : `<c r="${reference}" t="inlineStr"><is><t>${value}</t></is></c>`;
  };
  const data = rows.map((row, i) => `<row r="${i + 1}">${row.map((value, j) => cell(value, j, i)).join('')}</row>`);
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const rels = (type: string, target: string): string =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/${type}" Target="${target}"/></Relationships>`;
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  return zipSync({
    '_rels/.rels': strToU8(rels('officeDocument', 'xl/workbook.xml')),
    'xl/workbook.xml': strToU8(
      `<workbook ${main} xmlns:r="${relations}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': strToU8(rels('worksheet', 'worksheets/sheet1.xml')),
    'xl/worksheets/sheet1.xml': strToU8(`<worksheet ${main}><sheetData>${data.join('')}</sheetData></worksheet>`),
  });
}

const HEADER: Row = ['image_name', 'NC', 'G3', 'G4', 'G5', 'G4C'];
const name = (slide: number, tile: number): string => `16B000${slide}_Block_Region_${tile}_0_0_xini_1_yini_2.jpg`;

let root: string;
const table = (split: 'Train' | 'Test', rows: readonly Row[]): void =>
  writeFileSync(join(root, `sicap-v2/SICAPv2/partition/Test/${split}.xlsx`), workbook(rows));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-sicap-'));
  for (const folder of ['images', 'partition/Test']) {
    mkdirSync(join(root, 'sicap-v2/SICAPv2', folder), { recursive: true });
  }
  for (let i = 0; i < 6; i++) writeFileSync(join(root, 'sicap-v2/SICAPv2/images', name(1 + (i >> 1), i)), '');
  table('Train', [HEADER, [name(1, 0), 1, 0, 0, 0, 0]]);
});
afterEach(() => rmSync(root, { recursive: true }));

describe('SICAPv2', () => {
  const open = () => new SicapV2().open(testContext({ dataRoot: root }));

  it('labels by column name, takes the first grade on a tie, and groups tiles by slide', async () => {
    // The columns are in another order, one tile has two marks, and the cribriform flag (G4C) is not a class.
    table('Test', [
      ['image_name', 'G5', 'G4', 'G3', 'NC', 'G4C'],
      [name(2, 2), 0, 1, 0, 0, 1],
      [name(2, 3), 1, 1, 0, 0, 0],
      [name(3, 4), 0, 0, 0, 1, 0],
      [name(3, 5), 1, 0, 0, 0, 0],
    ]);
    const { test } = await open();
    expect([...test.labels]).toEqual([2, 2, 0, 3]);
    expect([...test.groups!]).toEqual([0, 0, 1, 1]);
  });

  it('groups tiles by patient if wsi_labels.xlsx says so, and the fingerprint depends on it', async () => {
    table('Test', [HEADER, ...[2, 3, 4, 5].map((tile): Row => [name(1 + (tile >> 1), tile), 1, 0, 0, 0, 0])]);
    const context = testContext({ dataRoot: root });
    const before = await new SicapV2().fingerprint(context);
    const slides = (patient: number): readonly Row[] => [
      ['slide_id', 'patient_id', 'Gleason_primary', 'Gleason_secondary'],
      ['16B0002', 7, 3, 4],
      ['16B0003', patient, 0, 0],
    ];
    const file = join(root, 'sicap-v2/SICAPv2/wsi_labels.xlsx');
    expect((await open()).notes).toEqual([expect.stringMatching(/grouped by slide.*wsi_labels\.xlsx is absent/)]);
    writeFileSync(file, workbook(slides(7)));
    const { test, train, notes } = await open();
    expect([...test.groups!]).toEqual([0, 0, 0, 0]);
    expect(test.groupNames).toEqual(Array(4).fill('patient 7'));
    // A slide that the table does not name is a group of its own.
    expect(train.groupNames).toEqual(['16B0001']);
    expect(notes).toEqual([]);
    const together = await new SicapV2().fingerprint(context);
    writeFileSync(file, workbook(slides(8)));
    expect([...(await open()).test.groups!]).toEqual([0, 0, 1, 1]);
    expect(new Set([before, together, await new SicapV2().fingerprint(context)]).size).toBe(3);
  });

  const real = sharedData('sicap-v2/SICAPv2/partition/Test/Train.xlsx');
  it.skipIf(!real)('has the published counts, from the real tables', async () => {
    for (const split of ['Train', 'Test'] as const) {
      const source = join(real!, `../${split}.xlsx`);
      copyFileSync(source, join(root, `sicap-v2/SICAPv2/partition/Test/${split}.xlsx`));
      for (const { image_name } of await readXlsx(source, { columns: ['image_name'] })) {
        writeFileSync(join(root, 'sicap-v2/SICAPv2/images', String(image_name)), '');
      }
    }
    const { splits } = await new SicapV2().inspect(testContext({ dataRoot: root }));
    // The README of the tables: counts by class and slides, counted by another program.
    expect(splits).toEqual({
      train: { examples: 9959, classes: [3773, 1829, 3641, 716], groups: 124 },
      test: { examples: 2122, classes: [644, 393, 853, 232], groups: 31 },
    });
  });

  it.each<[string, readonly Row[], RegExp]>([
    ['a missing column', [HEADER.map((column) => (column === 'G5' ? 'G6' : column))], /has no column "G5"/],
    ['a missing tile', [HEADER, [name(9, 9), 1, 0, 0, 0, 0]], /Test\.xlsx: row 1 names the image "16B0009_/],
    ['a row without a grade', [HEADER, [name(1, 0), 0, 0, 0, 0, 0]], /Test\.xlsx: row 1 marks none of NC, G3, G4, G5/],
  ])('names %s', async (_, rows, message) => {
    table('Test', rows);
    await expect(open()).rejects.toThrow(message);
  });
});
