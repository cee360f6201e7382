import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MedbenchError } from '@medbench/core';
import { testContext } from '@medbench/core/testing';
import { encodeJpeg } from '@medbench/data';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MimicCxr, mimicPairs } from './index.js';

const SECRET = 'MARKERFINDING';
const id = (digit: string): string => Array(5).fill(digit.repeat(8)).join('-');
const ROWS = [
  [id('b'), '50000002', '10000032', 'train'],
  [id('c'), '50000001', '10000032', 'train'],
  [id('a'), '50000001', '10000032', 'train'],
  [id('d'), '50000003', '19999987', 'train'],
  [id('e'), '50000004', '19999987', 'test'],
];

let root: string;
const write = (path: string, content: string | Uint8Array): void => {
  const file = join(root, 'mimic-cxr', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
};
const table = (rows: readonly (readonly string[])[]): void =>
  write('mimic-cxr-2.0.0-split.csv.gz', gzipSync(['dicom_id,study_id,subject_id,split', ...rows].join('\n')));
const settings = { caption: 'findings-and-impression', views: 'all' };
const context = (overrides: object = {}) => testContext({ dataRoot: root, settings, ...overrides });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-mimic-'));
  const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(9, 9, 9, 9) } as const;
  const jpeg = await encodeJpeg(image);
  for (const [name, study, subject] of ROWS) {
    write(`files/p${subject!.slice(0, 2)}/p${subject}/s${study}/${name}.jpg`, jpeg);
    const text = study === '50000003' ? ' FINAL REPORT\n' : ` IMPRESSION: ${SECRET} of ${study}.`;
    write(`files/p${subject!.slice(0, 2)}/p${subject}/s${study}.txt`, text);
  }
});
beforeEach(() => table(ROWS));
afterAll(() => rmSync(root, { recursive: true }));

describe('mimicPairs', () => {
  it('pairs every view with its study’s report and leaves out reports without usable text', async () => {
    const pairs = await mimicPairs(context(), 'train');
    expect(pairs).toMatchObject({ length: 3, studies: 3, imagesWithoutText: 1, duplicates: 1 });
    const described = await Promise.all([0, 1, 2].map((i) => pairs.describe(i)));
    expect(described.map(({ file }) => file.slice(join(root, 'mimic-cxr/files/').length))).toEqual([
      `p10/p10000032/s50000001/${id('a')}.jpg`,
      `p10/p10000032/s50000001/${id('c')}.jpg`,
      `p10/p10000032/s50000002/${id('b')}.jpg`,
    ]);
    expect(described.map(({ caption }) => caption)).toEqual([1, 1, 2].map((n) => `${SECRET} of 5000000${n}.`));
    expect(await pairs.get(2)).toMatchObject({ image: { width: 2, channels: 1 }, caption: `${SECRET} of 50000002.` });
    await expect(pairs.get(3)).rejects.toThrow(RangeError);
    expect(await mimicPairs(context({ settings: { ...settings, views: 'first' } }), 'train')).toHaveLength(2);
  });

  it('has a fingerprint that changes with a text', async () => {
    const fingerprint = await (await mimicPairs(context(), 'test')).fingerprint();
    write('files/p19/p19999987/s50000004.txt', ' IMPRESSION: Another.');
    expect(await (await mimicPairs(context(), 'test')).fingerprint()).not.toBe(fingerprint);
    write('files/p19/p19999987/s50000004.txt', ` IMPRESSION: ${SECRET} of 50000004.`);
    expect(await (await mimicPairs(context(), 'test')).fingerprint()).toBe(fingerprint);
  });

  it('names the missing file or wrong row, but quotes no word of a report', async () => {
    const faults: unknown[] = [];
    const fault = async (rows: readonly (readonly string[])[]) => {
      table(rows);
      faults.push(await new MimicCxr().open(context()).catch((error: unknown) => error));
      return faults.at(-1) as MedbenchError;
    };
    expect((await fault([[id('f'), '50000009', '10000032', 'train']])).message).toMatch(/s50000009\.txt is not there/);
    expect((await fault([['../../x', '50000001', '10000032', 'train']])).message).toMatch(/split\.csv\.gz: row 1/);
    expect((await fault([[id('a'), '50000001', '10000032', 'training']])).message).toMatch(/row 1/);
    table([...ROWS, [id('f'), '50000001', '10000032', 'train']]);
    const pairs = await mimicPairs(context(), 'train');
    faults.push(await pairs.get(2).catch((error: unknown) => error));
    expect(String(faults.at(-1))).toMatch(/f{8}\.jpg is not there/);
    for (const error of faults) {
      expect(error).toBeInstanceOf(MedbenchError);
      expect(JSON.stringify([String(error), (error as MedbenchError).hint])).not.toContain(SECRET);
    }
    const skipping = await mimicPairs(context({ skipBad: true }), 'train');
    expect((await skipping.get(2)).caption).toBe(`${SECRET} of 50000002.`);
    expect(skipping.bad).toMatchObject({ count: 1 });
    expect(JSON.stringify(skipping.bad.list)).not.toContain(SECRET);
  });

  it('counts images and studies', async () => {
    const inspection = await new MimicCxr().inspect(context());
    expect(inspection.splits).toEqual({ train: { examples: 3, groups: 3 } });
    expect(inspection.notes.join()).toMatch(/1 captions repeat an earlier caption.*1 images left out/);
    expect(JSON.stringify(inspection)).not.toContain(SECRET);
  });
});
