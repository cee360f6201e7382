import { open } from 'node:fs/promises';
import { MedbenchError } from '@medbench/core';
import { openZip } from '../archives/zip.js';
import { damaged } from '../files/damaged.js';
import { openFiles, readFully } from '../files/open-files.js';
import { type UnpackOptions, unpackOnce } from '../files/unpacked.js';
import { type ByteRows, checkRead, checkRows, rowSize } from './byte-rows.js';
import { type NpyHeader, parseNpyHeader } from './npy.js';

/** Bytes to read for the header; NumPy's headers are shorter. */
const HEADER_BYTES = 4096;

/**
 * Opens an array of unsigned bytes in a NumPy archive without loading it: the large files of MedMNIST+ unpack to up to
 * 13 GB. The entry is unpacked once into the cache folder, because compressed bytes cannot be read from the middle, and
 * then read from there in slices.
 * @throws MedbenchError('data') naming file and entry: missing, damaged, of another type or in Fortran order; ('store')
 * if there is no room to unpack it.
 */
export async function openNpzRows(path: string, key: string, options: UnpackOptions = {}): Promise<ByteRows> {
  const zip = await openZip(path);
  let unpackedPath: string;
  const name = `${path}: ${key}.npy`;
  try {
    const entry = zip.entries.find((candidate) => candidate.name === `${key}.npy`);
    if (!entry) {
      throw new MedbenchError('data', `${path} has no array "${key}"`, {
        hint: `It has ${zip.entries.map((present) => present.name.replace(/\.npy$/, '')).join(', ') || 'none'}.`,
      });
    }
    unpackedPath = await unpackOnce(path, entry.name, () => zip.read(entry), options);
  } finally {
    await zip.close();
  }
  const { shape, dataOffset } = await readHeader(unpackedPath, name);
  const [length = 0] = shape;
  const width = rowSize(shape);
  const files = openFiles();
  return {
    shape,
    async rows(start, count) {
      checkRows(start, count, length);
      checkRead(count, width);
      const bytes = new Uint8Array(count * width);
      const filled = await files.use(unpackedPath, (file) => readFully(file, bytes, dataOffset + start * width));
      if (filled < bytes.length) throw damaged(name, 'its unpacked copy has changed');
      return bytes;
    },
    close() {},
  };
}

async function readHeader(unpackedPath: string, name: string): Promise<NpyHeader> {
  const handle = await open(unpackedPath, 'r');
  try {
    const head = new Uint8Array(HEADER_BYTES);
    const filled = await readFully(handle, head, 0);
    const header = parseNpyHeader(head.subarray(0, filled), name);
    if (!header) throw damaged(name, 'its header is incomplete');
    if (header.dtype !== 'u1') {
      throw new MedbenchError('data', `${name} holds ${header.dtype}, not unsigned bytes (u1)`, {
        hint: 'Check that it is the array that you mean.',
      });
    }
    const { size } = await handle.stat();
    if (header.dataOffset + header.dataBytes !== size) {
      throw damaged(name, `it holds ${size - header.dataOffset} bytes, not ${header.dataBytes}`);
    }
    return header;
  } finally {
    await handle.close();
  }
}
