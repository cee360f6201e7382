import { closeSync, constants, fstatSync, openSync, type ReadStream, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
import { SHORT_READ, shortCall } from './short-calls.js';

export { type FolderNames, Folders, folderNames } from './folder-names.js';
export { SHORT_READ, shortCall } from './short-calls.js';

// Without O_NONBLOCK, which Windows lacks, opening a pipe would wait for a writer.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file for reading. A pipe or a device is refused, because reading it might never end.
 * @throws MedbenchError('data') naming the file if it is missing, cannot be read, or is anything but a file.
 */
export async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, READ);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw notRegular(path, stats);
}

const notRegular = (path: string, stats: Stats): MedbenchError =>
  new MedbenchError('data', `${path} is a ${stats.isDirectory() ? 'folder' : 'pipe or device'}, not a file`, {
    hint: 'Put the file itself there, or name the folder of the data with --data.',
  });

/**
 * Uses a regular file in this thread.
 * @throws MedbenchError('data') as `openFile`.
 */
export function useFileInPlace<T>(path: string, use: (file: number, size: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(path, READ);
    const stats = fstatSync(file);
    if (!stats.isFile()) throw notRegular(path, stats);
    return use(file, stats.size);
  } catch (cause) {
    throw isMedbenchError(cause) ? cause : unreadable(path, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Reads a whole file. @throws MedbenchError('data') as `openFile`. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const short = await shortCall(
    () => useFileInPlace(path, (file, size) => (size <= SHORT_READ ? readInPlace(file, size) : undefined)),
    () => readPooled(path),
  );
  return short ?? readPooled(path);
}

/** Reads a file of a known size; undefined if it turns out to have another one. */
export function readInPlace(file: number, size: number): Uint8Array<ArrayBuffer> | undefined {
  // One byte more, to notice a file that grows, or one without a size, as below /proc.
  const bytes = new Uint8Array(size + 1);
  let done = 0;
  for (;;) {
    const read = readSync(file, bytes, done, bytes.length - done, null);
    done += read;
    if (done > size) return undefined;
    if (read === 0) return done === size ? bytes.subarray(0, size) : undefined;
  }
}

async function readPooled(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await openFile(path);
  try {
    return await handle.readFile();
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

/** Opens a file as a stream, which closes the file at its end or when it is destroyed. @throws as `openFile`. */
export async function streamFile(path: string, highWaterMark = 1 << 16): Promise<ReadStream> {
  return (await openFile(path)).createReadStream({ highWaterMark });
}

/** The error for a file that is missing or that the system does not let us read. */
export function unreadable(path: string, cause: unknown): MedbenchError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new MedbenchError(
    'data',
    missing ? `${path} is not there` : `${path} cannot be read: ${errorMessage(cause)}`,
    {
      cause,
      hint: missing ? 'Check the name, or name the folder of the data with --data.' : 'Check that you may read it.',
    },
  );
}
