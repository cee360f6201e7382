import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHdf5 } from './arrays/hdf5.js';
import { decodeDicom, readDicom } from './dicom/read.js';
import { parsePythonList } from './python/python-list.js';
import { readXlsx, type XlsxValue } from './tables/xlsx.js';

/** Made by h5py, openpyxl, pydicom and imagecodecs: scripts/oracles/data_formats.py. */
interface Expected {
  readonly hdf5: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly x: string; readonly y: string }>
  >;
  readonly xlsx: Readonly<Record<string, readonly Readonly<Record<string, XlsxValue>>[]>>;
  readonly dicom: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: string; readonly levels: string }>
  >;
}
const folder = fileURLToPath(new URL('../fixtures/formats/', import.meta.url));
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const decodeBase64 = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'medbench-formats-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** A copy of a fixture with some of its bytes changed. */
function changed(name: string, change: (bytes: Buffer) => Uint8Array): string {
  const path = join(scratch, `changed-${basename(name)}`);
  writeFileSync(path, change(readFileSync(join(folder, name))));
  return path;
}
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length * 0.6));

describe('openHdf5', () => {
  it.each(Object.entries(expected.hdf5))('reads %s as h5py does', async (name, { shape, x, y }) => {
    const options = { cacheFolder: join(scratch, 'unpacked') };
    const data = await openHdf5(join(folder, name), 'x', options);
    const contents = decodeBase64(x);
    const width = contents.length / shape[0]!;
    expect(data.shape).toEqual(shape);
    expect(await data.rows(0, shape[0]!)).toEqual(contents);
    for (const i of [6, 0, 3, 5]) expect(await data.rows(i, 1)).toEqual(contents.subarray(i * width, (i + 1) * width));
    expect(await data.rows(2, 4)).toEqual(contents.subarray(2 * width, 6 * width));
    expect(await data.rows(3, 0)).toHaveLength(0);
    await expect(data.rows(7, 1)).rejects.toThrow(RangeError);
    data.close();
    // The file opens again by itself.
    expect(await data.rows(1, 1)).toEqual(contents.subarray(width, 2 * width));
    data.close();
    expect(await (await openHdf5(join(folder, name), 'y', options)).rows(0, 7)).toEqual(decodeBase64(y));
  });

  it('unpacks a file once, and never beyond its limit', async () => {
    const cacheFolder = join(scratch, 'once');
    const path = join(folder, 'zipped.h5.gz');
    await expect(openHdf5(path, 'x', { cacheFolder, maxBytes: 1000 })).rejects.toThrow(/unpacks to more than 1000/);
    expect(readdirSync(cacheFolder)).toEqual([]);
    for (let i = 0; i < 2; i++) (await openHdf5(path, 'x', { cacheFolder })).close();
    expect(readdirSync(cacheFolder)).toHaveLength(1);
    await expect(openHdf5(changed('zipped.h5.gz', cut), 'x', { cacheFolder })).rejects.toThrow(/cannot be unpacked/);
    expect(readdirSync(cacheFolder)).toHaveLength(1);
  });

  it('names the file and what is wrong with it', async () => {
    const plain = join(folder, 'plain.h5');
    await expect(openHdf5(plain, 'z')).rejects.toMatchObject({
      message: expect.stringMatching(/no data set "z"/),
      hint: expect.stringMatching(/"x", "y"/),
    });
    await expect(openHdf5(plain, 'group')).rejects.toThrow(/no data set "group"/);
    await expect(openHdf5(plain, 'wide')).rejects.toThrow(/"wide" holds <i, not rows of unsigned bytes/);
    await expect(openHdf5(join(folder, 'none.h5'), 'x')).rejects.toThrow(/none\.h5 is not there/);
    await expect(openHdf5(join(folder, 'expected.json'), 'x')).rejects.toThrow(
      /expected\.json is not a complete HDF5 file/,
    );
    await expect(openHdf5(changed('plain.h5', cut), 'x')).rejects.toThrow(/is not a complete HDF5 file/);
  });
});

describe('a read of HDF5 that fails', () => {
  const unreadable = fileURLToPath(new URL('../fixtures/hdf5/', import.meta.url));

  it('names a packing that the library does not have, and never returns what was in memory', async () => {
    const file = await openHdf5(join(unreadable, 'lzf.h5'), 'x');
    await expect(file.rows(0, 1)).rejects.toMatchObject({
      message: expect.stringMatching(/lzf\.h5: "x" is packed in a way that cannot be read: .*filter/),
      hint: expect.stringContaining('h5repack'),
    });
    file.close();
  });

  it('refuses a chunk that does not fit its checksum', async () => {
    const name = join(unreadable, 'checksum.h5');
    const bytes = readFileSync(name);
    const whole = await openHdf5(name, 'x');
    const expectedRow = Uint8Array.from({ length: 30 }, (_, i) => (4 * 30 + i) % 251);
    expect(await whole.rows(4, 1)).toEqual(expectedRow);
    whole.close();
    // The chunk of rows 4 to 7 holds this row, followed by its checksum.
    bytes[bytes.indexOf(expectedRow) + 3]! ^= 1;
    const path = join(scratch, 'checksum.h5');
    writeFileSync(path, bytes);
    const file = await openHdf5(path, 'x');
    expect(await file.rows(0, 1)).toEqual(Uint8Array.from({ length: 30 }, (_, i) => i));
    await expect(file.rows(5, 1)).rejects.toThrow(/checksum\.h5 is not a complete HDF5 file: .*(checksum|filter)/i);
    file.close();
  });
});

describe('readXlsx', () => {
  it.each(Object.entries(expected.xlsx))('reads %s as openpyxl does', async (name, rows) => {
    expect(await readXlsx(join(folder, name), { columns: Object.keys(rows[0]!) })).toEqual(rows);
  });

  it('names the file and what is wrong with it', async () => {
    const book = join(folder, 'book.xlsx');
    await expect(readXlsx(book, { columns: ['NC', 'G4'] })).rejects.toMatchObject({
      message: expect.stringMatching(/book\.xlsx has no column "G4"/),
      hint: expect.stringMatching(/"image_name", "NC"/),
    });
    await expect(readXlsx(book, { maxBytes: 100 })).rejects.toThrow(/unpacks to \d+ bytes, more than 100/);
    await expect(readXlsx(join(folder, 'none.xlsx'))).rejects.toThrow(/none\.xlsx is not there/);
    await expect(readXlsx(changed('book.xlsx', cut))).rejects.toThrow(/not a complete ZIP archive/);
    await expect(readXlsx(join(folder, 'plain.h5'))).rejects.toThrow(/not a complete ZIP archive/);
  });
});

describe('readDicom', () => {
  it.each(Object.entries(expected.dicom))('reads %s as pydicom does', async (name, { shape, values, levels }) => {
    const path = join(folder, name);
    const [rows, columns, samples = 1] = shape;
    const stored = await readDicom(path);
    expect(stored).toMatchObject({ rows, columns, samples });
    expect(digest(new Uint8Array(stored.values.buffer))).toBe(values);
    const image = await decodeDicom(path);
    expect(image).toMatchObject({ width: columns, height: rows, channels: samples });
    expect(digest(image.data)).toBe(levels);
  });

  it('reads JPEG extended of 8 bits as the baseline image of the same bytes, and refuses 12 bits', async () => {
    const extended = (name: string): string =>
      changed(name, (bytes) => {
        const text = bytes.toString('latin1').replace('1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51');
        // The frame header of extended images has another marker, and the same content.
        return Buffer.from(text.replace('\xff\xc0\x00', '\xff\xc1\x00'), 'latin1');
      });
    expect(await decodeDicom(extended('baseline.dcm'))).toEqual(await decodeDicom(join(folder, 'baseline.dcm')));
    const deep = changed('j2k.dcm', (bytes) =>
      Buffer.from(bytes.toString('latin1').replace('1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.51'), 'latin1'),
    );
    await expect(decodeDicom(deep)).rejects.toThrow(/JPEG extended of 12 bits, which is not supported: convert it/);
  });

  it('names the file and what is wrong with it', async () => {
    const valueOffset = (bytes: Buffer, tag: readonly number[]): number => bytes.indexOf(Buffer.from(tag)) + 8;
    const rowsOffset = (bytes: Buffer): number => valueOffset(bytes, [0x28, 0, 0x10, 0, 0x55, 0x53]);
    await expect(decodeDicom(join(folder, 'none.dcm'))).rejects.toThrow(/none\.dcm is not there/);
    await expect(decodeDicom(join(folder, 'book.xlsx'))).rejects.toThrow(/book\.xlsx cannot be decoded/);
    await expect(decodeDicom(changed('explicit.dcm', cut))).rejects.toThrow(/changed-explicit\.dcm cannot be decoded/);
    const huge = changed('explicit.dcm', (bytes) => {
      bytes.writeUInt16LE(65535, rowsOffset(bytes));
      return bytes;
    });
    await expect(decodeDicom(huge)).rejects.toThrow(/ends after/);
    for (const name of ['j2k.dcm', 'jpegls.dcm', 'lossless.dcm', 'rle.dcm']) {
      const other = changed(name, (bytes) => {
        bytes.writeUInt16LE(36, rowsOffset(bytes));
        return bytes;
      });
      if (name === 'rle.dcm') continue;
      await expect(decodeDicom(other), name).rejects.toThrow(/45 x 37, where the file says 45 x 36/);
    }
    const unknown = changed('j2k.dcm', (bytes) =>
      Buffer.from(bytes.toString('latin1').replace('1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.99'), 'latin1'),
    );
    await expect(decodeDicom(unknown)).rejects.toThrow(
      /transfer syntax 1\.2\.840\.10008\.1\.2\.4\.99 is not supported/,
    );
  });
});

describe('parsePythonList', () => {
  it('reads lists as Python writes them', () => {
    expect(parsePythonList("['Mass', \"Skin's Retraction\"]", 'x')).toEqual(['Mass', "Skin's Retraction"]);
    expect(parsePythonList(" [ 'a\\'b\\n' , 'ü\\u00e9\\x41', ] ", 'x')).toEqual(["a'b\n", 'üéA']);
    expect(parsePythonList('[]', 'x')).toEqual([]);
  });

  it.each([
    '',
    'Mass',
    '[',
    "['a'",
    "['a' 'b']",
    "['a'] + x",
    "[,'a']",
    '[1]',
    "['a', __import__('os')]",
    "['a\\q']",
    "['a\n']",
  ])('refuses %j without quoting it', (text) => {
    expect(() => parsePythonList(text, 'table: row 3')).toThrow(/^table: row 3 holds no list/);
  });
});
