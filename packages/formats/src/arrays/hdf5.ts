import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { errorMessage, MedbenchError } from '@medbench/core';
import { cutShort } from '../files/damaged.js';
import { requireFile } from '../files/require.js';
import { gunzipOnce, type UnpackOptions } from '../files/unpacked.js';
import { type ByteRows, checkRead, checkRows, MAX_READ, rowSize } from './byte-rows.js';

export type Hdf5Options = UnpackOptions;

/** A chunk that was unpacked for one row is kept if it has at most this many bytes. */
const MAX_CACHED_BYTES = 64 * 2 ** 20;
/** Milliseconds without a read after which the file is closed. */
const IDLE_MS = 2000;

/**
 * Opens a data set of unsigned bytes, contiguous or in chunks, compressed or not. Its rows are read from the file on
 * demand. A file that is gzipped as a whole (`.gz`, as PCam is) is unpacked first, because compressed bytes cannot be
 * read from the middle.
 * @throws MedbenchError('data') naming the file: missing, damaged, no such data set (listing those it has), another
 * type; ('store') if there is no room to unpack it.
 */
export async function openHdf5(path: string, name: string, options: Hdf5Options = {}): Promise<ByteRows> {
  await requireFile(path, 'Fetch it, or name the folder of the data with --data.');
  const plainPath = path.toLowerCase().endsWith('.gz') ? await gunzipOnce(path, options) : path;
  const { Dataset, File } = await loadLibrary();
  const damagedError = (cause: unknown): MedbenchError => {
    const reason = readFailure(errorMessage(cause));
    if (!FILTER_MISSING.test(reason)) return cutShort(path, `is not a complete HDF5 file: ${reason}`, cause);
    return new MedbenchError('data', `${path}: "${name}" is packed in a way that cannot be read: ${reason}`, {
      cause,
      hint: 'Pack it anew: h5repack -f GZIP=4 OLD.h5 NEW.h5',
    });
  };
  const open = () => {
    const file = new File(plainPath, 'r');
    if (file.file_id < 0n) throw new Error('it cannot be opened');
    const names = file.keys();
    const data = names.includes(name) ? file.get(name) : undefined;
    if (data instanceof Dataset) return { file, data };
    file.close();
    throw new MedbenchError('data', `${path} has no data set "${name}"`, {
      hint: `It has ${names.map((present) => `"${present}"`).join(', ') || 'none'}.`,
    });
  };
  let opened: ReturnType<typeof open> | undefined;
  let idle: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearTimeout(idle);
    opened?.file.close();
    opened = undefined;
  };
  /** Opens the file when it is read and closes it when it is idle, so that callers need not. */
  const use = <T>(read: (data: ReturnType<typeof open>['data']) => T): T => {
    clearTimeout(idle);
    try {
      opened ??= open();
      idle = setTimeout(close, IDLE_MS).unref();
      return read(opened.data);
    } catch (cause) {
      close();
      throw cause instanceof MedbenchError ? cause : damagedError(cause);
    }
  };
  const { shape, chunkRows } = use((data) => {
    if (!data.shape || data.shape.length === 0 || !/^[<>|]?B$/.test(String(data.dtype))) {
      throw new MedbenchError('data', `${path}: "${name}" holds ${String(data.dtype)}, not rows of unsigned bytes`, {
        hint: 'Check that it is the data set that you mean.',
      });
    }
    return { shape: [...data.shape], chunkRows: data.metadata.chunks?.[0] ?? 1 };
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
      const bytes = data.slice([[start, start + count], ...row.map((side): [number, number] => [0, side])]);
      if (bytes instanceof Uint8Array && bytes.length === count * width) return bytes;
      throw new Error(`row ${start} cannot be read`);
    });
  const cacheable = chunkRows > 1 && chunkRows * width <= MAX_CACHED_BYTES;
  let cachedChunk: { readonly start: number; readonly bytes: Uint8Array } | undefined;
  return {
    shape,
    async rows(start, count) {
      checkRows(start, count, length);
      if (count === 0) return new Uint8Array(0);
      // A chunk is unpacked as a whole for any of its rows: keep it, because its other rows may be read next.
      const from = Math.floor(start / chunkRows) * chunkRows;
      if (!cacheable || start + count > from + chunkRows) return read(start, count).slice();
      if (cachedChunk?.start !== from)
        cachedChunk = { start: from, bytes: read(from, Math.min(chunkRows, length - from)) };
      return cachedChunk.bytes.slice((start - from) * width, (start - from + count) * width);
    },
    close,
  };
}

const FILTER_MISSING = /^required filter/;

/**
 * The reason in an error of the library: the innermost entry of its stack, which comes last, or a missing filter, after
 * which it looks for one in folders that do not exist.
 */
function readFailure(message: string): string {
  const reasons = [...message.matchAll(/^ *#\d+: .*? in \w+\(\): (.*)$/gm)].map(([, reason]) => reason!);
  return reasons.find((reason) => FILTER_MISSING.test(reason)) ?? reasons.at(-1) ?? message.split('\n', 1)[0]!;
}

/**
 * Loads the HDF5 library. It prints a page for every file that it cannot open; the output is discarded, because the
 * error says the same. By default it returns uninitialised memory where a read fails: its errors are made to throw.
 */
async function loadLibrary(): Promise<typeof import('h5wasm/node')> {
  const hdf5 = await import('h5wasm/node');
  const { FS, activate_throwing_error_handler } = (await hdf5.ready) as {
    FS: { streams?: { nfd?: number }[] };
    activate_throwing_error_handler(): void;
  };
  activate_throwing_error_handler();
  const errors = FS.streams?.[2];
  if (errors?.nfd === 2) errors.nfd = openSync(devNull, 'w');
  return hdf5;
}
