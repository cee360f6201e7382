import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './index.js';

const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).pathname;

/** Builds the bytes of a file from a header and a number of data bytes. The file may be invalid. */
function buildFile(header: unknown, data: number, headerLength?: number | bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(headerLength ?? json.length));
  return Buffer.concat([size, json, Buffer.alloc(data)]);
}
const entry = (shape: number[], begin: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('readSafetensors', () => {
  it('reads a file of the reference library, in every element type', async () => {
    const { tensors, metadata } = await readSafetensors(fixture('reference.safetensors'));
    expect(metadata).toEqual({ made: 'by safetensors' });
    expect([...tensors.f32!.data]).toEqual([1.5, -2.25, 3, 4, 5, 6.125]);
    expect(tensors.f32!.shape).toEqual([2, 3]);
    expect([...tensors.f16!.data]).toEqual([1.5, -2, 65504, Math.fround(2 ** -24), 0]);
    expect([...tensors.bf16!.data]).toEqual([1.5, -2, Math.fround(3.3895313892515355e38)]);
    expect([...tensors.i64!.data]).toEqual([-1, 2 ** 31 - 1]);
    expect([...tensors.i32!.data]).toEqual([-7]);
    expect(tensors.i32!.shape).toEqual([]);
    expect([...tensors.bool!.data]).toEqual([1, 0, 1]);
  });

  it('rounds doubles to float32, as PyTorch does', async () => {
    const values = [0.1, -3, 1e300, 2 ** -160];
    const file = buildFile({ a: entry([4], 0, 32, 'F64') }, 32);
    values.forEach((value, i) => {
      new DataView(file.buffer, file.byteOffset).setFloat64(file.length - 32 + 8 * i, value, true);
    });
    const { tensors } = await readSafetensors(file);
    expect([...tensors.a!.data]).toEqual([Math.fround(0.1), -3, Number.POSITIVE_INFINITY, 0]);
  });

  const broken: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(3), /has 3 bytes/],
    ['a header beyond the file', buildFile({}, 0, 1000), /header claims 1000 bytes/],
    ['a header of absurd size', buildFile({}, 0, 2 ** 40), /header claims/],
    ['a header of 2^60 bytes', buildFile({}, 0, 2n ** 60n), /header claims 1152921504606846976 bytes/],
    ['a header of 2^64 - 1 bytes', buildFile({}, 0, 2n ** 64n - 1n), /header claims/],
    ['a header that is not JSON', buildFile('{nope', 0), /not JSON/],
    ['an empty header', buildFile('', 0), /not JSON/],
    ['a header that is null', buildFile('null', 0), /header is not an object/],
    ['a header that is a list', buildFile('[]', 0), /header is not an object/],
    ['a header that is not UTF-8', Buffer.concat([buildFile('', 0, 1), Buffer.of(0xff)]), /not JSON/],
    ['metadata that is not an object', buildFile({ __metadata__: 'pt' }, 0), /metadata/],
    ['metadata that is not text', buildFile({ __metadata__: { format: 1 } }, 0), /metadata/],
    ['an entry that is null', buildFile({ a: null }, 0), /"a" has no element type/],
    ['an entry without shape', buildFile({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /no valid shape/],
    ['offsets that go backwards', buildFile({ a: entry([1], 8, 4) }, 8), /"a" claims -4 bytes/],
    ['offsets that are not integers', buildFile({ a: entry([1], 0.5, 4.5) }, 8), /no valid offsets/],
    ['offsets too large for a number', buildFile({ a: entry([1], 0, 2 ** 60) }, 8), /no valid offsets/],
    [
      'a shape of a petabyte',
      buildFile({ a: entry([2 ** 50], 0, 2 ** 52) }, 8),
      /"a" ends at byte 4503599627370496 of 8/,
    ],
    ['a shape that overflows 64 bits', buildFile({ a: entry([2 ** 32, 2 ** 32], 0, 0) }, 0), /"a" claims 0 bytes/],
    [
      'a shape that overflows a float',
      buildFile({ a: entry(Array(40).fill(2 ** 50), 0, 4) }, 4),
      /its shape needs Infinity/,
    ],
    ['an overflow times zero', buildFile({ a: entry([...Array(40).fill(2 ** 50), 0], 0, 0) }, 0), /"a" claims 0 bytes/],
    ['a tensor beyond the data', buildFile({ a: entry([4], 0, 16) }, 8), /"a" ends at byte 16 of 8/],
    [
      'a size that does not match its shape',
      buildFile({ a: entry([4], 0, 8) }, 8),
      /"a" claims 8 bytes, its shape needs 16/,
    ],
    [
      'tensors that overlap',
      buildFile({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12),
      /"b" begins at byte 4, expected 8/,
    ],
    ['bytes that belong to nothing', buildFile({ a: entry([2], 0, 8) }, 12), /take 8 bytes, the file holds 12/],
    ['an unknown element type', buildFile({ a: entry([2], 0, 8, 'F8') }, 8), /element type F8/],
    ['a negative shape', buildFile({ a: entry([-2], 0, 8) }, 8), /no valid shape/],
  ];
  it.each(broken)('refuses %s', async (_, bytes, message) => {
    await expect(readSafetensors(bytes, 'x.safetensors')).rejects.toThrow(message);
    await expect(readSafetensors(bytes, 'x.safetensors')).rejects.toThrow('x.safetensors');
  });

  it('refuses the same contents in a file, names the file, and does not allocate the claimed sizes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'medbench-broken-'));
    const before = process.memoryUsage().rss;
    for (const [title, bytes, message] of broken) {
      const file = join(folder, `${title.replaceAll(/[^a-z]/g, '-')}.safetensors`);
      writeFileSync(file, bytes);
      const reading = readSafetensors(file);
      await expect(reading).rejects.toMatchObject({ name: 'MedbenchError', code: 'weights' });
      await expect(reading).rejects.toThrow(message);
      await expect(reading).rejects.toThrow(file);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: 'weights' });
    await expect(readSafetensors(join(folder, 'none'))).rejects.toMatchObject({ code: 'weights' });
    rmSync(folder, { recursive: true });
  });

  it('refuses every truncation of a real file', async () => {
    const bytes = readFileSync(fixture('reference.safetensors'));
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(readSafetensors(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'weights' });
    }
  });
});

describe('writeSafetensors', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'medbench-weights-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads back every bit, scalars and empty tensors too', async () => {
    const tensors = {
      a: { shape: [2, 2], dtype: 'float32', data: Float32Array.of(1, Number.NaN, -0, 1e-42) },
      b: { shape: [], dtype: 'int32', data: Int32Array.of(-5) },
      c: { shape: [0, 3], dtype: 'float32', data: new Float32Array(0) },
    } as const;
    const file = join(folder, 'sub', 'x.safetensors');
    await writeSafetensors(file, tensors, { key: 'ü "quoted"' });
    const loaded = await readSafetensors(file);
    expect(loaded.metadata.key).toBe('ü "quoted"');
    expect(new Uint8Array(loaded.tensors.a!.data.buffer)).toEqual(new Uint8Array(tensors.a.data.buffer));
    expect(loaded.tensors.b).toEqual(tensors.b);
    expect(loaded.tensors.c).toEqual(tensors.c);
  });

  it('fails with a store error if the path cannot be written', async () => {
    const plain = join(folder, 'plain');
    writeFileSync(plain, '');
    await expect(writeSafetensors(join(plain, 'x'), {})).rejects.toMatchObject({ code: 'store' });
  });
});

describe('a file with a checksum', () => {
  it('is read without it, and refused if any one byte differs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'medbench-checksum-'));
    try {
      const file = join(folder, 'a.safetensors');
      const tensors = {
        '10': { shape: [2], dtype: 'float32', data: Float32Array.of(1, 2) },
        '9': { shape: [1], dtype: 'int32', data: Int32Array.of(7) },
      } as const;
      await writeSafetensors(file, tensors, { key: 'k' }, { checksum: true });
      expect(await readSafetensors(file)).toEqual({ tensors, metadata: { key: 'k' }, verified: true });
      const bytes = readFileSync(file);
      // Every byte of the data, which the checks of the header do not cover.
      for (let i = bytes.length - 12; i < bytes.length; i++) {
        const flipped = Buffer.from(bytes);
        flipped[i]! ^= 0x80;
        await expect(readSafetensors(flipped, 'flipped'), `byte ${i}`).rejects.toThrow('does not match its checksum');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
