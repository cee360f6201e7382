import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExpectedFile, MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';

/** Checks that a file exists. @throws MedbenchError('data') with the hint if there is no file at `path`. */
export async function requireFile(path: string, hint: string): Promise<void> {
  const kind = await findKind(path);
  if (kind === 'file') return;
  throw new MedbenchError('data', kind ? `${path} is a ${kind}, expected a file` : `${path} is not there`, { hint });
}

/** Checks that a folder exists. @throws MedbenchError('data') with the hint if there is no folder at `path`. */
export async function requireFolder(path: string, hint: string): Promise<void> {
  const kind = await findKind(path);
  if (kind === 'folder') return;
  throw new MedbenchError('data', kind ? `${path} is a ${kind}, expected a folder` : `${path} is not there`, {
    hint,
  });
}

async function findKind(path: string): Promise<'file' | 'folder' | 'special file' | undefined> {
  try {
    const stats = await stat(path);
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'folder' : 'special file';
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, cause);
  }
}

/** The first existing path of an expected file. @throws MedbenchError('data') naming its paths if none exists. */
export function locate(dataRoot: string, { path, what }: ExpectedFile, source = 'its source'): string {
  const places = [path].flat().map((alternative) => join(dataRoot, alternative));
  const existing = places.find((place) => existsSync(place));
  if (existing !== undefined) return existing;
  const others = places.length > 1 ? ` (nor is ${places.slice(1).join(', ')})` : '';
  throw new MedbenchError('data', `${places[0]} is not there${others}: ${what}`, {
    hint: `Put it there (${source}), or name the folder above with --data.`,
  });
}
