import { readFile } from 'node:fs/promises';
import { errorMessage, MedbenchError } from '@medbench/core';

/** Reads a whole file. @throws MedbenchError('data') naming the file if it is missing or cannot be read. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
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
