import { constants, type ReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorMessage, MedbenchError } from '@medbench/core';

export { type FolderNames, Folders, folderNames } from './folder-names.js';

/**
 * Opens a regular file for reading. A pipe or a device is refused, because reading it might never end.
 * @throws MedbenchError('data') naming the file if it is missing, cannot be read, or is anything but a file.
 */
export async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, which Windows lacks, opening a pipe would wait for a writer.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw new MedbenchError('data', `${path} is a ${stats.isDirectory() ? 'folder' : 'pipe or device'}, not a file`, {
    hint: 'Put the file itself there, or name the folder of the data with --data.',
  });
}

/** Reads a whole file. @throws MedbenchError('data') as `openFile`. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
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
