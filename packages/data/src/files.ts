import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MedbenchError, messageOf } from '@medbench/core';

/**
 * Writes a file whole or not at all: written beside its place, flushed to disk, renamed. Its folder is made if needed.
 * @throws MedbenchError('store') naming the file; what was there before stays.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await ensureFolder(dirname(path));
  const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(content);
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

/** Makes a folder and its parents. @throws MedbenchError('store') naming the folder. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** @throws MedbenchError('data') with the hint if there is no file at `path`. */
export async function requireFile(path: string, hint: string): Promise<void> {
  const found = await kindOf(path);
  if (found === 'file') return;
  throw new MedbenchError('data', found ? `${path} is a ${found}, expected a file` : `${path} is not there`, { hint });
}

/** @throws MedbenchError('data') with the hint if there is no folder at `path`. */
export async function requireFolder(path: string, hint: string): Promise<void> {
  const found = await kindOf(path);
  if (found === 'folder') return;
  throw new MedbenchError('data', found ? `${path} is a ${found}, expected a folder` : `${path} is not there`, {
    hint,
  });
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'special file' | undefined> {
  try {
    const found = await stat(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'folder' : 'special file';
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, cause);
  }
}

/** The error for a file that the system does not let us read. */
export function unreadable(path: string, cause: unknown): MedbenchError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new MedbenchError('data', missing ? `${path} is not there` : `${path} cannot be read: ${messageOf(cause)}`, {
    cause,
    hint: missing ? 'Check the name, or name the folder of the data with --data.' : 'Check that you may read it.',
  });
}

function unwritable(path: string, cause: unknown): MedbenchError {
  return new MedbenchError('store', `${path} cannot be written: ${messageOf(cause)}`, {
    cause,
    hint: 'Choose a folder that you may write to, or free some disk.',
  });
}
