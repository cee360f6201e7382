import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, MedbenchError } from '../errors.js';

/** The error for a place that cannot be written: full disk, no permission, a file where a folder belongs. */
export function unwritableError(
  path: string,
  cause: unknown,
  remedy = 'Choose a folder that you may write to',
): MedbenchError {
  return new MedbenchError('store', `${path} cannot be written: ${errorMessage(cause)}`, {
    cause,
    hint: `${remedy}, or free some disk; what was finished is kept.`,
  });
}

/** Makes a folder and its parents. @throws MedbenchError('store') naming the folder. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw unwritableError(path, cause);
  }
}

/** A name beside a file's, of which nobody else thinks. */
const temporaryPath = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

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
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      if (typeof content === 'function') await content(file);
      else await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unwritableError(path, cause);
  }
}

/**
 * As `writeFileAtomic`, at once.
 * @param remedy what the error says to do. @throws MedbenchError('store') naming the file; what was there before stays.
 */
export function writeFileAtomicSync(path: string, text: string, remedy?: string): void {
  const temporary = temporaryPath(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(temporary, 'wx');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw unwritableError(path, cause, remedy);
  }
}

/** Ids become file names; anything that is not plainly safe is escaped. */
export const fileName = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E').replaceAll('*', '%2A');
