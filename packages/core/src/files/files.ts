import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, isMedbenchError, MedbenchError } from '../errors.js';

/**
 * Makes the error for a path that cannot be written: full disk, no permission, a file where a folder belongs.
 * @param remedy first half of the hint.
 */
export function unwritableError(
  path: string,
  cause: unknown,
  remedy = 'Choose a folder that you may write to',
): MedbenchError {
  return new MedbenchError('store', `${path} cannot be written: ${errorMessage(cause)}`, {
    cause,
    hint: `${remedy}, or free some disk space; finished work is kept.`,
  });
}

/**
 * Makes a folder and its parents, as `mkdir` with `recursive`, which never returns where the system refuses new folders
 * as missing ones, such as below /proc.
 * @throws the error of the system.
 */
export function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!statSync(path).isDirectory()) throw new Error(`${path} is not a folder`);
  }
}

/**
 * Makes a folder and its parents.
 * @param remedy first half of the error's hint.
 * @throws MedbenchError('store') naming the folder if that fails.
 */
export async function ensureFolder(path: string, remedy?: string): Promise<void> {
  try {
    makeFolder(path);
  } catch (cause) {
    throw unwritableError(path, cause, remedy);
  }
}

/** Makes a folder that only its owner may read, for texts and embeddings of data under a use agreement. */
export async function ensurePrivateFolder(path: string): Promise<void> {
  await ensureFolder(path);
  await chmod(path, 0o700).catch((cause) => {
    throw unwritableError(path, cause);
  });
}

/** A path in the same folder that no other process uses. */
const temporaryPath = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

/** The part of an open file that writers use. The types of Node are not needed to read it. */
export interface WritableFile {
  /** Writes bytes at the end. */
  write(bytes: Uint8Array): Promise<unknown>;
  /** Writes bytes or a text at the end, completely. */
  writeFile(content: Uint8Array | string): Promise<void>;
}

/**
 * Writes a file completely or not at all: writes a temporary file in the same folder, flushes it to disk and renames
 * it. Makes the folder if needed.
 * @param content the contents, or a function that writes them piece by piece.
 * @throws MedbenchError('store') naming the file if that fails, and any MedbenchError of `content` as it is. A previous
 *   file of that name stays.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | ((file: WritableFile) => Promise<void>),
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
    throw isMedbenchError(cause) ? cause : unwritableError(path, cause);
  }
}

/**
 * Synchronous version of `writeFileAtomic`.
 * @param remedy first half of the error's hint.
 * @throws MedbenchError('store') naming the file if that fails. A previous file of that name stays.
 */
export function writeFileAtomicSync(path: string, text: string, remedy?: string): void {
  const temporary = temporaryPath(path);
  try {
    makeFolder(dirname(path));
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

/** Turns a file name that `fileName` made back into the id. A name that it cannot have made is returned as it is. */
export function fileId(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Turns an id into a file name by escaping every character that is not safe in one. */
export const fileName = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E').replaceAll('*', '%2A');
