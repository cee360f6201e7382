import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MedbenchError } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPickle } from '../python/pickle.js';
import { openParquet, type ParquetRow } from './table.js';

/** Made by pyarrow and Python: scripts/oracles/data_parquet.py. */
interface Expected {
  readonly parquet: Readonly<
    Record<string, { readonly files: readonly string[]; readonly rows: readonly ParquetRow[] }>
  >;
  readonly images: Readonly<Record<string, string>>;
  readonly classes: readonly string[];
  readonly pickle: { readonly files: readonly string[]; readonly value: unknown };
}
const folder = fileURLToPath(new URL('../../fixtures/parquet/', import.meta.url));
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const fixturePaths = (files: readonly string[]): string[] => files.map((file) => join(folder, file));
/** A row with the hash of its image in the image's place, as the fixture has it. */
const shown = (row: ParquetRow): ParquetRow => {
  const image = row.image as { bytes: Uint8Array | null; path: string | null } | null;
  return { ...row, image: image && { ...image, bytes: image.bytes && digest(image.bytes) } };
};

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'medbench-parquet-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));
function changed(name: string, change: (bytes: Buffer) => Uint8Array): string {
  const path = join(scratch, `changed-${basename(name)}`);
  writeFileSync(path, change(readFileSync(join(folder, name))));
  return path;
}

describe('openParquet', () => {
  it.each(Object.entries(expected.parquet))('reads what pyarrow reads: %s', async (_, { files, rows }) => {
    const table = await openParquet(fixturePaths(files), ['image', 'label']);
    expect(table.length).toBe(rows.length);
    expect(table.columns).toEqual(Object.keys(rows[0]!));
    // Backwards, so that nothing depends on the order of reading.
    for (let i = rows.length - 1; i >= 0; i--) expect(shown(await table.row(i))).toEqual(rows[i]);
    await expect(table.row(rows.length)).rejects.toThrow(RangeError);
    const light = rows.map(({ label, question }) => ({ label, question }));
    expect(await table.rows(['label', 'question'])).toEqual(light);
    expect(table.classNames('label')).toEqual(expected.classes);
    expect(table.classNames('question')).toBeUndefined();
  });

  it('reads the file of an image, in the table or beside it', async () => {
    const table = await openParquet(fixturePaths(expected.parquet['two files']!.files));
    for (const [index, hash] of Object.entries(expected.images)) {
      const { bytes, name } = await table.image('image', Number(index));
      expect(digest(bytes)).toBe(hash);
      if (index === '13') expect(name).toMatch(/train-00001-of-00002\.parquet: row 2$/);
    }
    await expect(table.image('image', 20)).rejects.toThrow(/row 9 has no image in "image"/);
  });

  it('names the file and what is wrong with it', async () => {
    const plain = join(folder, 'plain.parquet');
    await expect(openParquet([plain], ['caption'])).rejects.toMatchObject({
      message: expect.stringMatching(/plain\.parquet has no column "caption"/),
      hint: expect.stringMatching(/"image", "question"/),
    });
    await expect(openParquet([join(folder, 'none.parquet')])).rejects.toThrow(/none\.parquet is not there/);
    await expect(openParquet([join(folder, 'beside.png')])).rejects.toThrow(
      /beside\.png is not a complete Parquet file/,
    );
    const cut = changed('plain.parquet', (bytes) => bytes.subarray(0, bytes.length - 100));
    await expect(openParquet([cut])).rejects.toThrow(/is not a complete Parquet file/);
    const footer = changed('plain.parquet', (bytes) => {
      bytes.writeUInt32LE(0xfffffff0, bytes.length - 8);
      return bytes;
    });
    await expect(openParquet([footer])).rejects.toThrow(/its footer claims/);
    const body = changed('snappy.parquet', (bytes) => bytes.fill(0xff, 4, 3000));
    const damaged = await openParquet([body]);
    await expect(damaged.row(0)).rejects.toBeInstanceOf(MedbenchError);
  });
});

describe('readPickle', () => {
  it.each(expected.pickle.files)('reads plain data: %s', async (name) => {
    // Dictionaries have no prototype, so they are compared by value.
    expect(JSON.parse(JSON.stringify(await readPickle(join(folder, name))))).toEqual(expected.pickle.value);
  });

  it.each([
    ['hostile-0.pkl', 'GLOBAL'],
    ['hostile-2.pkl', 'GLOBAL'],
    ['hostile-4.pkl', 'STACK_GLOBAL'],
    ['array.pkl', 'STACK_GLOBAL'],
  ])('runs no code: %s', async (name, opcode) => {
    const error = await readPickle(join(folder, name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MedbenchError);
    expect((error as MedbenchError).message).toMatch(new RegExp(`${name.replace('.', '\\.')} .*run ${opcode},`));
    expect((error as MedbenchError).hint).toMatch(/json\.dump/);
  });

  it('names the file and what is wrong with it', async () => {
    await expect(readPickle(join(folder, 'doubled.pkl'))).rejects.toThrow(
      /doubled\.pkl repeats its values without end/,
    );
    await expect(readPickle(join(folder, 'itself.pkl'))).rejects.toThrow(/itself\.pkl holds a value within itself/);
    await expect(readPickle(join(folder, 'none.pkl'))).rejects.toThrow(/none\.pkl is not there/);
    await expect(readPickle(join(folder, 'plain-4.pkl'), { maxBytes: 10 })).rejects.toThrow(/more than 10/);
    for (const share of [0, 0.3, 0.9]) {
      const cut = changed('plain-2.pkl', (bytes) => bytes.subarray(0, Math.floor(bytes.length * share)));
      await expect(readPickle(cut)).rejects.toThrow(/is not a complete pickle/);
    }
    await expect(readPickle(join(folder, 'beside.png'))).rejects.toBeInstanceOf(MedbenchError);
  });
});
