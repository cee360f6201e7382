import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpectedFile } from '@medbench/core';

/** Larger files are only checked against a published checksum on request: reading them takes minutes. */
export const CHECKED_UP_TO = 2 ** 30;

/** A file or folder of a data set, as it was found. */
export interface FoundFile {
  readonly what: string;
  /** Where it may lie below the data root. */
  readonly paths: readonly string[];
  /** The one that is there. */
  readonly found?: string;
  /** Of a file. */
  readonly bytes?: number;
  /** `unchecked` where a checksum is published and the file is large; nothing where none is published. */
  readonly md5?: 'ok' | 'differs' | 'unchecked';
}

/**
 * Looks for an expected file.
 * @param checksums Whether to read files of more than 1 GiB for their checksum.
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
