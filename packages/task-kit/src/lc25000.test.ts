import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Task } from '@medbench/core';
import { testContext } from '@medbench/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lc25000Task, lc25000Info } from './lc25000.js';

@Task({ id: 'colon', title: 'colon', ...lc25000Info('colon'), splits: { train: 8000, val: 0, test: 2000 } })
class Colon extends Lc25000Task {}

let root: string;
const classFolder = (name: string): string => join(root, 'lc25000/lung_colon_image_set/colon_image_sets', name);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-lc-'));
  for (const [folder, prefix] of [
    ['colon_aca', 'colonca'],
    ['colon_n', 'colonn'],
  ] as const) {
    mkdirSync(classFolder(folder), { recursive: true });
    for (let i = 1; i <= 10; i++) writeFileSync(join(classFolder(folder), `${prefix}${i}.jpeg`), '');
  }
  writeFileSync(join(classFolder('colon_n'), 'Thumbs.db'), '');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('LC25000', () => {
  const context = () => testContext({ dataRoot: root });

  it('takes the class from the folder, although colon_aca holds files named colonca, and ignores other files', async () => {
    const { splits } = await new Colon().inspect(context());
    expect(splits).toEqual({ train: { examples: 16, classes: [8, 8] }, test: { examples: 4, classes: [2, 2] } });
    // Benign is class 0, although its folder comes second by name.
    const { pairs } = await new Colon().pairs(context());
    expect(pairs.length).toBe(16);
    await expect(pairs.get(0)).rejects.toThrow(/colonca\d+\.jpeg/);
  });

  it('divides no original with split=grouped, by the table of all classes or those of each', async () => {
    const grouped = () => testContext({ dataRoot: root, settings: { split: 'grouped' } });
    await expect(new Colon().open(grouped())).rejects.toMatchObject({
      message: expect.stringMatching(/split=grouped needs the groups of LC25000-clean/),
      hint: expect.stringMatching(/lc25000_image_groups\.csv/),
    });
    // Five originals of two copies in each class.
    const group = (i: number): number => i % 5;
    const check = async (): Promise<string> => {
      const { train, test, notes } = await new Colon().open(grouped());
      expect([train.labels.length, test.labels.length]).toEqual([16, 4]);
      const shared = test.groupNames!.filter((name) => train.groupNames!.includes(name));
      expect(shared).toEqual([]);
      expect(new Set(test.groupNames).size).toBe(2);
      expect(notes).toEqual(['split by medbench: no original is in both the training and the test split']);
      return new Colon().fingerprint(grouped());
    };
    for (const [folder, prefix] of [
      ['colon_aca', 'colonca'],
      ['colon_n', 'colonn'],
    ] as const) {
      const place = join(root, 'lc25000/annotations', folder, 'UNI/resize_only');
      mkdirSync(place, { recursive: true });
      const rows = Array.from({ length: 10 }, (_, i) => `${group(i)},./LC25000/${folder}/${prefix}${i + 1}.jpeg`);
      writeFileSync(join(place, 'final_clusters.csv'), `cluster_label,img_path\n${rows.join('\n')}\n`);
    }
    const first = await check();
    const rows = ['colonca', 'colonn'].flatMap((prefix, c) =>
      Array.from(
        { length: 10 },
        (_, i) => `${prefix}${i + 1},${prefix}${i + 1}.jpeg,x,colon,${group(i)},${5 * c + group(i)}`,
      ),
    );
    const header = 'stem,filename,label,tissue,local_cluster_label,group_id';
    writeFileSync(join(root, 'lc25000/lc25000_image_groups.csv'), `${[header, ...rows].join('\n')}\n`);
    expect(await check()).not.toBe(first);
    writeFileSync(join(root, 'lc25000/lc25000_image_groups.csv'), `${[header, ...rows.slice(1)].join('\n')}\n`);
    await expect(check()).rejects.toThrow(/image_groups\.csv does not name the group of colonca1\.jpeg/);
    // The default neither needs nor reads them.
    expect((await new Colon().open(context())).test.groups).toBeUndefined();
  });

  it('names an empty folder and a missing folder', async () => {
    rmSync(classFolder('colon_aca'), { recursive: true });
    await expect(new Colon().inspect(context())).rejects.toThrow(/colon_aca.* is not there: 5,000 images/);
    mkdirSync(classFolder('colon_aca'));
    await expect(new Colon().inspect(context())).rejects.toThrow(/colon_aca.* holds no images/);
  });
});
