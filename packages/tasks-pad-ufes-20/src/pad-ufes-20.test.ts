import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PadUfes20 } from './index.js';

const HEADER =
  'patient_id,lesion_id,smoke,drink,background_father,background_mother,age,pesticide,gender,skin_cancer_history,' +
  'cancer_history,has_piped_water,has_sewage_system,fitspatrick,region,diameter_1,diameter_2,diagnostic,itch,grew,' +
  'hurt,changed,bleed,elevation,img_id,biopsed';
const tableRow = (patient: number, image: number, diagnosis: string): string =>
  `PAT_${patient},${image},,,,,8,,,,,,,,ARM,,,${diagnosis},True,UNK,False,UNK,False,True,PAT_${patient}_${image}_1.png,False`;

let root: string;
const table = (rows: readonly string[]): void =>
  writeFileSync(join(root, 'pad-ufes-20/metadata.csv'), `${[HEADER, ...rows].join('\n')}\n`);
const context = (settings = {}) => testContext({ dataRoot: root, settings });
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-pad-'));
  for (let i = 0; i < 30; i++) {
    const part = join(root, `pad-ufes-20/images/imgs_part_${1 + (i % 3)}`);
    mkdirSync(part, { recursive: true });
    writeFileSync(join(part, `PAT_${i % 10}_${i}_1.png`), '');
  }
});
afterEach(() => rmSync(root, { recursive: true }));

describe('PAD-UFES-20', () => {
  // Thirty images of ten patients, each with three lesions of different kinds.
  const kinds = ['BCC', 'NEV', 'ACK'];
  const rows = Array.from({ length: 30 }, (_, i) => tableRow(i % 10, i, kinds[i % 3]!));

  it('never divides a patient and labels by code', async () => {
    table(rows);
    const { train, test } = await new PadUfes20().open(context());
    expect([train.labels.length, test.labels.length]).toEqual([24, 6]);
    expect(new Set(test.groups).size).toBe(2);
    expect(new Set(train.groups).size).toBe(8);
    // The labels of BCC (0), ACK (3) and NEV (4).
    expect([...new Set(train.labels)].sort()).toEqual([0, 3, 4]);
  });

  it('puts every image in exactly one of training and test, in both kinds of split', async () => {
    table(rows);
    for (const split of ['grouped', 'paper-like']) {
      const { splits } = await new PadUfes20().inspect(context({ split }));
      expect(splits.train!.classes!.map((count, i) => count + splits.test!.classes![i]!)).toEqual([
        10, 0, 0, 10, 10, 0,
      ]);
    }
  });

  it.each([
    [
      'a missing image, with its row',
      [tableRow(1, 77, 'BCC')],
      /metadata\.csv: row 1 names the image "PAT_1_77_1\.png"/,
    ],
    ['an unknown diagnosis', [tableRow(0, 0, 'BCC'), tableRow(1, 1, 'BOD')], /row 2 has the class "BOD"/],
  ])('names %s', async (_, lines, message) => {
    table(lines);
    await expect(new PadUfes20().open(context())).rejects.toThrow(message);
  });
});
