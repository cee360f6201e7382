import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExpectedFile, MedbenchError, messageOf } from '@medbench/core';

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

/** The first of the paths of an expected file that is there. @throws MedbenchError('data') naming the first of them. */
export function locate(dataRoot: string, { path, what }: ExpectedFile, source = 'its source'): string {
  const places = [path].flat().map((one) => join(dataRoot, one));
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  const others = places.length > 1 ? ` (nor is ${places.slice(1).join(', ')})` : '';
  throw new MedbenchError('data', `${places[0]} is not there${others}: ${what}`, {
    hint: `Put it there (${source}), or name the folder above with --data.`,
  });
}
