import { constants } from 'node:buffer';
import { MedbenchError, writeFileAtomic } from '@medbench/core';
import { zipSync } from 'fflate';
import { openZip, type ZipEntry, type ZipFile } from '../archives/zip.js';
import { damaged } from '../files/damaged.js';
import { encodeNpy, type NpyArray, type NpyHeader, npyArray, parseNpyHeader } from './npy.js';

export interface ReadNpzOptions {
  /** Maximum bytes to unpack in all. Default 16 GiB. */
  readonly maxBytes?: number;
}

const GIB = 2 ** 30;

/**
 * Reads a NumPy archive (`numpy.savez`, `numpy.savez_compressed`): all arrays, or those named by `keys`. Other entries
 * are not unpacked, and memory for an array is allocated only after its header, its entry and the limit agree on its
 * size.
 * @throws MedbenchError('data') naming file and entry: missing key, damage, claims beyond `maxBytes`, element types
 * other than those of `NpyDType`.
 */
export async function readNpz(
  path: string,
  keys?: readonly string[],
  { maxBytes = 16 * GIB }: ReadNpzOptions = {},
): Promise<Record<string, NpyArray>> {
  const zip = await openZip(path);
  try {
    const byKey = new Map(zip.entries.map((entry) => [entry.name.replace(/\.npy$/, ''), entry]));
    const selected = (keys ?? [...byKey.keys()]).map((key) => {
      const entry = byKey.get(key);
      if (entry) return [key, entry] as const;
      throw new MedbenchError(
        'data',
        `${path} has no array "${key}"; it has ${[...byKey.keys()].join(', ') || 'none'}`,
        {
          hint: 'Check that it is the file of the data set that you mean.',
        },
      );
    });
    const total = selected.reduce((sum, [, entry]) => sum + entry.bytes, 0);
    if (total > maxBytes) {
      const largest = selected.reduce((a, b) => (b[1].bytes > a[1].bytes ? b : a));
      throw new MedbenchError(
        'data',
        `${path} claims ${formatBytes(total)} unpacked (${largest[1].name} ${formatBytes(largest[1].bytes)}), more than the limit of ${formatBytes(maxBytes)}`,
        { hint: 'Use a smaller version of the data set, or read fewer of its arrays.' },
      );
    }
    const arrays: Record<string, NpyArray> = {};
    for (const [key, entry] of selected) arrays[key] = await readArray(zip, path, entry);
    return arrays;
  } finally {
    await zip.close();
  }
}

async function readArray(zip: ZipFile, path: string, entry: ZipEntry): Promise<NpyArray> {
  const name = `${path}: ${entry.name}`;
  let head: Uint8Array = new Uint8Array(0);
  let header: NpyHeader | undefined;
  let data = new Uint8Array(0);
  let filled = 0;
  for await (const piece of zip.read(entry)) {
    let body = piece;
    if (header === undefined) {
      head = Buffer.concat([head, piece]);
      header = parseNpyHeader(head, name);
      if (header === undefined) continue;
      if (header.dataOffset + header.dataBytes !== entry.bytes) {
        throw damaged(
          name,
          `shape [${header.shape.join(', ')}] of ${header.dtype} needs ${header.dataBytes} bytes, the entry has ` +
            `${entry.bytes - header.dataOffset}`,
        );
      }
      if (header.dataBytes > constants.MAX_LENGTH) {
        throw new MedbenchError(
          'data',
          `${name} has ${formatBytes(header.dataBytes)}; Node.js ${process.versions.node} holds at most ${formatBytes(constants.MAX_LENGTH)} in one array`,
          { hint: 'Use a smaller version of the data set, or a newer Node.js.' },
        );
      }
      data = new Uint8Array(header.dataBytes);
      body = head.subarray(header.dataOffset);
    }
    data.set(body, filled);
    filled += body.length;
  }
  if (header === undefined) throw damaged(name, 'it ends inside its header');
  return npyArray(header, data.buffer);
}

/**
 * Writes a compressed NumPy archive that `numpy.load` reads, atomically. The same arrays give the same bytes.
 * @throws MedbenchError('data') if an array's data does not fit its shape; ('store') if the file cannot be written.
 */
export async function writeNpz(path: string, arrays: Readonly<Record<string, NpyArray>>): Promise<void> {
  const files = Object.fromEntries(
    Object.entries(arrays).map(([key, array]) => [`${key}.npy`, encodeNpy(array, `${path}: ${key}`)]),
  );
  // ZIP stores local times without a time zone. Noon of a fixed day in its range gives the same bytes everywhere.
  await writeFileAtomic(path, zipSync(files, { level: 6, mtime: new Date(1980, 0, 1, 12) }));
}

const formatBytes = (bytes: number): string =>
  bytes >= GIB / 10 ? `${(bytes / GIB).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
