import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { MedbenchError, messageOf } from '@medbench/core';
import { requireFile } from '../files.js';

export interface Hdf5Options {
  /** Folder in which a `.gz` is unpacked, once for each content. Default: a folder for temporary files. */
  readonly cacheFolder?: string;
  /** A file that unpacks to more is refused. Default 64 GiB. */
  readonly maxBytes?: number;
}

/** A data set of unsigned bytes in an HDF5 file, of which rows are read on demand. */
export interface Hdf5Rows {
  readonly shape: readonly number[];
  /** `count` rows from `start` on, C order. @throws RangeError beyond the rows; MedbenchError('data') for a damaged file. */
  rows(start: number, count: number): Promise<Uint8Array>;
  /** Ends the use of the file at once; it is closed by itself when nothing reads it. */
  close(): void;
}

/** Chunks that are unpacked for one row are kept if they take no more than this. */
const KEPT = 64 * 2 ** 20;
/** After this long without a read, the file is closed. */
const IDLE_MS = 2000;
/** Bytes of a read at most, so that a hostile header allocates nothing. */
const MAX_ROW = 2 ** 30;

/**
 * Opens a data set of unsigned bytes, contiguous or in chunks, packed or not. The file stays on disk. `.gz` around the
 * whole file, as PCam has it, is unpacked first, since packed bytes cannot be read from their middle.
 * @throws MedbenchError('data') naming the file: missing, damaged, no such data set (with those that are there), of another
 * type; ('store') if there is no room to unpack it.
 */
export async function openHdf5(path: string, name: string, options: Hdf5Options = {}): Promise<Hdf5Rows> {
  await requireFile(path, 'Fetch it, or name the folder of the data with --data.');
  const plain = path.toLowerCase().endsWith('.gz') ? await unpack(path, options) : path;
  const { Dataset, File } = await library();
  const broken = (cause: unknown): MedbenchError =>
    new MedbenchError('data', `${path} is no whole HDF5 file: ${messageOf(cause).split('\n', 1)[0]}`, {
      cause,
      hint: 'The download was probably cut short; fetch the file again.',
    });
  const open = () => {
    const file = new File(plain, 'r');
    if (file.file_id < 0n) throw new Error('it cannot be opened');
    const names = file.keys();
    const data = names.includes(name) ? file.get(name) : undefined;
    if (data instanceof Dataset) return { file, data };
    file.close();
    throw new MedbenchError('data', `${path} has no data set "${name}"`, {
      hint: `It has ${names.map((one) => `"${one}"`).join(', ') || 'none'}.`,
    });
  };
  let opened: ReturnType<typeof open> | undefined;
  let idle: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearTimeout(idle);
    opened?.file.close();
    opened = undefined;
  };
  /** The file is opened when it is read and closed when it lies idle, so that nobody has to. */
  const use = <T>(read: (data: ReturnType<typeof open>['data']) => T): T => {
    clearTimeout(idle);
    try {
      opened ??= open();
      idle = setTimeout(close, IDLE_MS).unref();
      return read(opened.data);
    } catch (cause) {
      close();
      throw cause instanceof MedbenchError ? cause : broken(cause);
    }
  };
  const { shape, step } = use((data) => {
    if (!data.shape || data.shape.length === 0 || !/^[<>|]?B$/.test(String(data.dtype))) {
      throw new MedbenchError('data', `${path}: "${name}" holds ${String(data.dtype)}, not rows of unsigned bytes`, {
        hint: 'Check that it is the data set that you mean.',
      });
    }
    return { shape: [...data.shape], step: data.metadata.chunks?.[0] ?? 1 };
  });
  const [length = 0, ...row] = shape;
  const width = row.reduce((product, side) => product * side, 1);
  if (!Number.isSafeInteger(length) || !(width >= 1 && width <= MAX_ROW)) {
    throw new MedbenchError('data', `${path}: "${name}" claims the shape [${shape.join(', ')}]`, {
      hint: 'The file is damaged; fetch it again.',
    });
  }
  const read = (start: number, count: number): Uint8Array =>
    use((data) => {
      if (count * width > MAX_ROW) throw new RangeError(`${count} rows of ${width} bytes are too many for one read`);
      const found = data.slice([[start, start + count], ...row.map((side): [number, number] => [0, side])]);
      if (found instanceof Uint8Array && found.length === count * width) return found;
      throw new Error(`row ${start} cannot be read`);
    });
  const whole = step > 1 && step * width <= KEPT;
  let kept: { readonly start: number; readonly bytes: Uint8Array } | undefined;
  return {
    shape,
    async rows(start, count) {
      if (!(Number.isInteger(start) && start >= 0 && count >= 0 && start + count <= length)) {
        throw new RangeError(`No rows ${start} to ${start + count} among ${length}`);
      }
      if (count === 0) return new Uint8Array(0);
      // A chunk is unpacked whole for any of its rows: the others may be wanted next.
      const from = Math.floor(start / step) * step;
      if (!whole || start + count > from + step) return read(start, count).slice();
      if (kept?.start !== from) kept = { start: from, bytes: read(from, Math.min(step, length - from)) };
      return kept.bytes.slice((start - from) * width, (start - from + count) * width);
    },
    close,
  };
}

/** The HDF5 library. It prints a page for every file that it cannot open: that goes nowhere, since the error says it. */
async function library(): Promise<typeof import('h5wasm/node')> {
  const hdf5 = await import('h5wasm/node');
  const { FS } = (await hdf5.ready) as { FS: { streams?: { nfd?: number }[] } };
  const errors = FS.streams?.[2];
  if (errors?.nfd === 2) errors.nfd = openSync(devNull, 'w');
  return hdf5;
}

/** Unpacks a file below the cache folder, under a name that its place, size and time of change give. */
async function unpack(path: string, { cacheFolder, maxBytes = 64 * 2 ** 30 }: Hdf5Options): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = createHash('sha256')
    .update(JSON.stringify([resolve(path), size, mtimeMs]))
    .digest('hex');
  const folder = cacheFolder ?? join(tmpdir(), 'medbench-unpacked');
  const plain = join(folder, `${key.slice(0, 32)}.h5`);
  if (await stat(plain).catch(() => undefined)) return plain;
  const part = `${plain}.${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(folder, { recursive: true });
    let bytes = 0;
    const bound = new Transform({
      transform(piece: Uint8Array, _, done) {
        bytes += piece.length;
        if (bytes <= maxBytes) done(null, piece);
        else
          done(
            new MedbenchError('data', `${path} unpacks to more than ${maxBytes} bytes`, {
              hint: 'It is not what it should be.',
            }),
          );
      },
    });
    await pipeline(createReadStream(path), createGunzip(), bound, createWriteStream(part));
    await rename(part, plain);
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) {
      throw new MedbenchError('data', `${path} cannot be unpacked: ${messageOf(cause)}`, {
        cause,
        hint: 'The download was probably cut short; fetch the file again.',
      });
    }
    throw new MedbenchError('store', `${path} cannot be unpacked into ${folder}: ${messageOf(cause)}`, {
      cause,
      hint: 'Free some disk, or unpack it yourself (gunzip) beside the .gz.',
    });
  } finally {
    await rm(part, { force: true });
  }
  return plain;
}
