import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpectedFile } from '@medbench/core';

/** Size in bytes above which a file's checksum is verified only on request, because reading the file takes minutes. */
export const CHECKED_UP_TO = 2 ** 30;

/** The outcome of the search for a file or folder of a data set. */
export interface FoundFile {
  readonly what: string;
  /** The paths below the data root at which it may be. */
  readonly paths: readonly string[];
  /** The path at which it exists; absent if it is missing. */
  readonly found?: string;
  /** Size of a file; absent for a folder. */
  readonly bytes?: number;
  /** Whether the checksum matches; `unchecked` for a large file; absent if no checksum is published. */
  readonly md5?: 'ok' | 'differs' | 'unchecked';
}

/**
 * Looks for an expected file or folder.
 * @param checksums whether to verify the checksum of files above 1 GiB too.
 */
export async function findFile(dataRoot: string, file: ExpectedFile, checksums: boolean): Promise<FoundFile> {
  const paths = [file.path].flat();
  for (const path of paths) {
    const stats = await stat(join(dataRoot, path)).catch(() => undefined);
    if (!stats || stats.isDirectory() !== path.endsWith('/')) continue;
    const base = { what: file.what, paths, found: path };
    if (stats.isDirectory()) return base;
    const published = file.md5?.[path];
    if (published === undefined) return { ...base, bytes: stats.size };
    if (stats.size > CHECKED_UP_TO && !checksums) return { ...base, bytes: stats.size, md5: 'unchecked' };
    const same = (await hashMd5(join(dataRoot, path))) === published;
    return { ...base, bytes: stats.size, md5: same ? 'ok' : 'differs' };
  }
  return { what: file.what, paths };
}

async function hashMd5(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
