import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MedbenchError, messageOf } from '../errors.js';

/** The error for a place that cannot be written: full disk, no permission, a file where a folder belongs. */
export function unwritable(path: string, cause: unknown, way = 'Choose a folder that you may write to'): MedbenchError {
  return new MedbenchError('store', `${path} cannot be written: ${messageOf(cause)}`, {
    cause,
    hint: `${way}, or free some disk; what was finished is kept.`,
  });
}

/** Makes a folder and its parents. @throws MedbenchError('store') naming the folder. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * Writes a file whole or not at all: beside its place, flushed to disk, renamed. Its folder is made if needed.
 * @param content what it holds, or a function that writes it piece by piece.
 * @throws MedbenchError('store') naming the file; what was there before stays.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | ((file: FileHandle) => Promise<void>),
): Promise<void> {
  await ensureFolder(dirname(path));
  const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(beside, 'wx');
    try {
      if (typeof content === 'function') await content(file);
      else await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw unwritable(path, cause);
  }
}

/** Ids become file names; anything that is not plainly safe is escaped. */
export const fileName = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E').replaceAll('*', '%2A');
