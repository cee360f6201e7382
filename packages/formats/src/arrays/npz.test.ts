import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MedbenchError } from '@medbench/core';
import { sharedData } from '@medbench/data/testing';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeNpy, type NpyArray } from './npy.js';
import { readNpz, writeNpz } from './npz.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(fixture('npz.json'), 'utf8')) as Record<
  string,
  { shape: number[]; dtype: string; values: (number | string)[] }
>;
const folder = mkdtempSync(join(tmpdir(), 'medbench-npz-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const plain = ({ shape, dtype, data }: NpyArray) => ({
  shape,
  dtype,
  values: Array.from(data as Iterable<number | bigint>, (value) => (typeof value === 'bigint' ? String(value) : value)),
});
const matrix: NpyArray = { shape: [2, 3], dtype: 'i4', data: Int32Array.of(1, -2, 3, 4, 5, 6) };

describe('readNpz', () => {
  it.each(['stored.npz', 'packed.npz'])('reads all element types of %s as NumPy wrote them', async (name) => {
    const arrays = await readNpz(fixture(name));
    expect(Object.fromEntries(Object.entries(arrays).map(([key, array]) => [key, plain(array)]))).toEqual(expected);
  });

  it('reads only the requested keys, and lists the existing ones if one is missing', async () => {
    expect(Object.keys(await readNpz(fixture('packed.npz'), ['f4', 'b1']))).toEqual(['f4', 'b1']);
    await expect(readNpz(fixture('packed.npz'), ['train_images'])).rejects.toThrow(/no array "train_images".*u1, i1/);
  });

  it('reads NPY versions 2 and 3, and refuses unsupported arrays by name', async () => {
    const { v2, v3 } = await readNpz(fixture('awkward.npz'), ['v2', 'v3']);
    expect([v2, v3].map((array) => plain(array!).values)).toEqual([
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
    ]);
    for (const [key, message] of [
      ['columns', /columns\.npy is stored column by column/],
      ['big', /big\.npy holds elements of type >i4/],
      ['text', /text\.npy holds elements of type <U2/],
      ['complex', /complex\.npy holds elements of type <c16/],
    ] as const) {
      await expect(readNpz(fixture('awkward.npz'), [key])).rejects.toThrow(message);
    }
  });

  it('names a file that is missing, cut short or not an archive', async () => {
    await expect(readNpz(join(folder, 'none.npz'))).rejects.toThrow(/none\.npz is not there/);
    const archive = readFileSync(fixture('packed.npz'));
    for (const length of [0, 10, archive.length >> 1, archive.length - 1]) {
      await expect(readNpz(file('cut.npz', archive.subarray(0, length)))).rejects.toMatchObject({ code: 'data' });
    }
    await expect(readNpz(file('text.npz', Buffer.from('no archive')))).rejects.toThrow(
      /text\.npz is not a complete ZIP/,
    );
  });

  it('never takes a damaged byte of an entry for data', async () => {
    for (const level of [0, 9] as const) {
      const archive = zipSync({ 'a.npy': encodeNpy(matrix) }, { level });
      const start = 30 + 'a.npy'.length;
      const packed = new DataView(archive.buffer).getUint32(18, true);
      let refused = 0;
      for (let i = 0; i < packed; i++) {
        const bytes = Buffer.from(archive);
        bytes[start + i]! ^= 0x10;
        // A flipped bit that deflate does not use, such as one after its end, changes nothing.
        const outcome = await readNpz(file('flipped.npz', bytes)).catch((error: unknown) => error);
        if (outcome instanceof MedbenchError) refused++;
        else expect(outcome).toEqual({ a: matrix });
      }
      expect(refused).toBeGreaterThanOrEqual(packed - 2);
    }
  });

  it('refuses a decompression bomb and false claims before allocating memory', async () => {
    const zeros = zipSync({ 'a.npy': encodeNpy({ shape: [1 << 22], dtype: 'u1', data: new Uint8Array(1 << 22) }) });
    await expect(readNpz(file('bomb.npz', zeros), undefined, { maxBytes: 1 << 20 })).rejects.toThrow(
      /bomb\.npz claims 4\.0 MiB unpacked \(a\.npy.*limit of 1\.0 MiB/,
    );
    const lying = encodeNpy(matrix);
    const text = Buffer.from(lying).toString('latin1').replace('(2, 3), }        ', '(200000, 300000),}');
    const header = Buffer.from(text.slice(0, 127).concat('\n', text.slice(128)), 'latin1');
    await expect(readNpz(file('lie.npz', zipSync({ 'a.npy': header })))).rejects.toThrow(/a\.npy is damaged: shape/);
    const claims = Buffer.from(zipSync({ 'a.npy': lying }));
    const directory = claims.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    claims.writeUInt32LE(0xfffffff0, directory + 24);
    await expect(readNpz(file('claims.npz', claims))).rejects.toThrow(/cannot hold the 4294967280 that it claims/);
  });

  const real = sharedData('pneumoniamnist.npz');
  it.skipIf(real === undefined)('reads PneumoniaMNIST with its published shapes and class counts', async () => {
    const arrays = await readNpz(real!);
    expect(
      Object.fromEntries(Object.entries(arrays).map(([key, { shape, dtype }]) => [key, [dtype, ...shape]])),
    ).toEqual({
      train_images: ['u1', 4708, 28, 28],
      train_labels: ['u1', 4708, 1],
      val_images: ['u1', 524, 28, 28],
      val_labels: ['u1', 524, 1],
      test_images: ['u1', 624, 28, 28],
      test_labels: ['u1', 624, 1],
    });
    const counts = ['train', 'val', 'test'].map((split) => {
      const labels = Array.from(arrays[`${split}_labels`]!.data as Uint8Array);
      return [labels.filter((label) => label === 0).length, labels.filter((label) => label === 1).length];
    });
    expect(counts).toEqual([
      [1214, 3494],
      [135, 389],
      [234, 390],
    ]);
  });
});

describe('writeNpz', () => {
  it('writes arrays that readNpz reads back, in the same bytes each time', async () => {
    const path = join(folder, 'deep', 'written.npz');
    const arrays = await readNpz(fixture('stored.npz'));
    await writeNpz(path, arrays);
    const bytes = readFileSync(path);
    expect(await readNpz(path)).toEqual(arrays);
    await writeNpz(path, arrays);
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  it('refuses data that does not fit its shape', async () => {
    await expect(writeNpz(join(folder, 'x.npz'), { a: { ...matrix, shape: [7] } })).rejects.toThrow(
      /x\.npz: a: 6 values/,
    );
    await expect(writeNpz(join(folder, 'x.npz'), { a: { ...matrix, dtype: 'f4' } })).rejects.toThrow(/f4/);
  });
});
