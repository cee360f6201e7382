import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { errorMessage, MedbenchError } from '@medbench/core';
import { cutShort } from '../files/damaged.js';
import { requireFile } from '../files/require.js';
import { gunzipOnce, type UnpackOptions } from '../files/unpacked.js';
import { type ByteRows, checkRead, checkRows, MAX_READ, rowSize } from './byte-rows.js';

export type Hdf5Options = UnpackOptions;

/** Chunks that are unpacked for one row are kept if they take no more than this. */
const KEPT = 64 * 2 ** 20;
/** After this long without a read, the file is closed. */
const IDLE_MS = 2000;

/**
 * Opens a data set of unsigned bytes, contiguous or in chunks, packed or not. The file stays on disk. `.gz` around the
 * whole file, as PCam has it, is unpacked first, since packed bytes cannot be read from their middle.
 * @throws MedbenchError('data') naming the file: missing, damaged, no such data set (with those that are there), of another
 * type; ('store') if there is no room to unpack it.
 */
export async function openHdf5(path: string, name: string, options: Hdf5Options = {}): Promise<ByteRows> {
  await requireFile(path, 'Fetch it, or name the folder of the data with --data.');
  const plain = path.toLowerCase().endsWith('.gz') ? await gunzipOnce(path, options) : path;
  const { Dataset, File } = await library();
  const broken = (cause: unknown): MedbenchError =>
    cutShort(path, `is no whole HDF5 file: ${errorMessage(cause).split('\n', 1)[0]}`, cause);
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
  const width = rowSize(shape);
  if (!Number.isSafeInteger(length) || !(width >= 1 && width <= MAX_READ)) {
    throw new MedbenchError('data', `${path}: "${name}" claims the shape [${shape.join(', ')}]`, {
      hint: 'The file is damaged; fetch it again.',
    });
  }
  const read = (start: number, count: number): Uint8Array =>
    use((data) => {
      checkRead(count, width);
      const found = data.slice([[start, start + count], ...row.map((side): [number, number] => [0, side])]);
      if (found instanceof Uint8Array && found.length === count * width) return found;
      throw new Error(`row ${start} cannot be read`);
    });
  const whole = step > 1 && step * width <= KEPT;
  let kept: { readonly start: number; readonly bytes: Uint8Array } | undefined;
  return {
    shape,
    async rows(start, count) {
      checkRows(start, count, length);
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
