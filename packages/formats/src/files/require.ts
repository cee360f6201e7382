import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExpectedFile, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';

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
