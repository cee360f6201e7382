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

  it('names an empty folder and a missing folder', async () => {
    rmSync(classFolder('colon_aca'), { recursive: true });
    await expect(new Colon().inspect(context())).rejects.toThrow(/colon_aca.* is not there: 5,000 images/);
    mkdirSync(classFolder('colon_aca'));
    await expect(new Colon().inspect(context())).rejects.toThrow(/colon_aca.* holds no images/);
  });
});
