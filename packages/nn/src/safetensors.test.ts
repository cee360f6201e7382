import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './index.js';

const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).pathname;

/** A file from a header and data, sound or not. */
function fileOf(header: unknown, data: number, headerLength?: number | bigint): Uint8Array {
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
  it('reads what the reference library wrote, in every element type', async () => {
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

  const broken: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(3), /has 3 bytes/],
    ['a header beyond the file', fileOf({}, 0, 1000), /header claims 1000 bytes/],
    ['a header of absurd size', fileOf({}, 0, 2 ** 40), /header claims/],
    ['a header of 2^60 bytes', fileOf({}, 0, 2n ** 60n), /header claims 1152921504606846976 bytes/],
    ['a header of 2^64 - 1 bytes', fileOf({}, 0, 2n ** 64n - 1n), /header claims/],
    ['a header that is no JSON', fileOf('{nope', 0), /not JSON/],
    ['a header without bytes', fileOf('', 0), /not JSON/],
    ['a header that is null', fileOf('null', 0), /header is no object/],
    ['a header that is a list', fileOf('[]', 0), /header is no object/],
    ['a header that is not UTF-8', Buffer.concat([fileOf('', 0, 1), Buffer.of(0xff)]), /not JSON/],
    ['metadata that is no object', fileOf({ __metadata__: 'pt' }, 0), /metadata/],
    ['metadata that is no text', fileOf({ __metadata__: { format: 1 } }, 0), /metadata/],
    ['an entry that is null', fileOf({ a: null }, 0), /"a" has the element type undefined/],
    ['an entry without shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /no sound shape/],
    ['offsets that go backwards', fileOf({ a: entry([1], 8, 4) }, 8), /"a" claims -4 bytes/],
    ['offsets that are no whole numbers', fileOf({ a: entry([1], 0.5, 4.5) }, 8), /no sound offsets/],
    ['offsets beyond what a number holds', fileOf({ a: entry([1], 0, 2 ** 60) }, 8), /no sound offsets/],
    ['a shape of a petabyte', fileOf({ a: entry([2 ** 50], 0, 2 ** 52) }, 8), /"a" ends at byte 4503599627370496 of 8/],
    ['a shape that overflows 64 bits', fileOf({ a: entry([2 ** 32, 2 ** 32], 0, 0) }, 0), /"a" claims 0 bytes/],
    [
      'a shape that overflows a float',
      fileOf({ a: entry(Array(40).fill(2 ** 50), 0, 4) }, 4),
      /its shape needs Infinity/,
    ],
    ['an overflow times zero', fileOf({ a: entry([...Array(40).fill(2 ** 50), 0], 0, 0) }, 0), /"a" claims 0 bytes/],
    ['a tensor beyond the data', fileOf({ a: entry([4], 0, 16) }, 8), /"a" ends at byte 16 of 8/],
    ['a size that is not its shape', fileOf({ a: entry([4], 0, 8) }, 8), /"a" claims 8 bytes, its shape needs 16/],
    [
      'tensors that overlap',
      fileOf({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12),
      /"b" begins at byte 4, expected 8/,
    ],
    ['bytes that belong to nothing', fileOf({ a: entry([2], 0, 8) }, 12), /take 8 bytes, the file holds 12/],
    ['an unknown element type', fileOf({ a: entry([2], 0, 8, 'F8') }, 8), /element type F8/],
    ['a negative shape', fileOf({ a: entry([-2], 0, 8) }, 8), /no sound shape/],
  ];
  it.each(broken)('refuses %s', async (_, bytes, message) => {
    await expect(readSafetensors(bytes, 'x.safetensors')).rejects.toThrow(message);
    await expect(readSafetensors(bytes, 'x.safetensors')).rejects.toThrow('x.safetensors');
  });

  it('refuses the same of a file, naming it, without room for what it claims', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'medbench-broken-'));
    const before = process.memoryUsage().rss;
    for (const [what, bytes, message] of broken) {
      const file = join(folder, `${what.replaceAll(/[^a-z]/g, '-')}.safetensors`);
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
    const whole = readFileSync(fixture('reference.safetensors'));
    for (let length = 0; length < whole.length; length += 7) {
      await expect(readSafetensors(whole.subarray(0, length))).rejects.toMatchObject({ code: 'weights' });
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
    const back = await readSafetensors(file);
    expect(back.metadata.key).toBe('ü "quoted"');
    expect(new Uint8Array(back.tensors.a!.data.buffer)).toEqual(new Uint8Array(tensors.a.data.buffer));
    expect(back.tensors.b).toEqual(tensors.b);
    expect(back.tensors.c).toEqual(tensors.c);
  });

  it('names a place that cannot be written', async () => {
    const plain = join(folder, 'plain');
    writeFileSync(plain, '');
    await expect(writeSafetensors(join(plain, 'x'), {})).rejects.toMatchObject({ code: 'store' });
  });
});
