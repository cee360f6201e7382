import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { readBytes, unreadable } from '@medbench/data/files';
import { expand } from 'brace-expansion';
import { visibleNames } from '../files/list.js';

/** More shards than this are taken for a mistake in a range. */
const MAX_SHARDS = 100_000;

/** The shards that a text names, and how many samples they must have. */
export interface Shards {
  /** Paths in order; a path may occur more than once. */
  readonly files: readonly string[];
  /** Number of samples of a shard, by its path, where the data gives it (`sizes.json`). */
  readonly samples: ReadonlyMap<string, number>;
  /** Number of samples of all shards of a folder together (`__len__`). */
  readonly totals: readonly { readonly file: string; readonly shards: readonly string[]; readonly samples: number }[];
}

/**
 * Finds the shards that a text names: a folder (its `.tar` files by name), a file, a range in braces
 * (`cc3m-{00000..00099}.tar`, `{a,b}.tar`), or several of these joined by `::`. Counts are read from `sizes.json`
 * (`{"00000.tar": 1000}`) and, for a whole folder, from `__len__`, if these files lie beside the shards.
 * @throws MedbenchError('data') naming what is missing; ('config') for a web address or a range that is too large.
 */
export async function findShards(spec: string): Promise<Shards> {
  const files: string[] = [];
  const totals: { file: string; shards: string[]; samples: number }[] = [];
  for (const part of spec.split('::')) {
    if (part === '') throw new MedbenchError('config', `"${spec}" names no shard between its "::"`);
    if (/^[a-z][a-z0-9+.-]+:/i.test(part) && !/^[a-z]:[\\/]/i.test(part)) {
      throw new MedbenchError('config', `"${part}" is not a folder or file: shards are read from disk only`, {
        hint: 'Fetch the shards first, then name their folder.',
      });
    }
    for (const path of expandBraces(part)) {
      if (!(await isFolder(path))) {
        files.push(path);
        continue;
      }
      const shards = (await visibleNames(path)).filter((name) => name.endsWith('.tar')).map((name) => join(path, name));
      if (shards.length === 0) {
        throw new MedbenchError('data', `${path} holds no shard`, { hint: 'Shards are files that end in .tar.' });
      }
      files.push(...shards);
      const file = join(path, '__len__');
      const samples = await readIfPresent(file);
      if (samples !== undefined)
        totals.push({ file, shards, samples: checkCount(file, Number(samples.trim() || Number.NaN)) });
    }
  }
  return { files, totals, samples: await readSizes(files) };
}

// One more than the maximum, and no other limit before it: the library truncates its list silently.
const LIMITS = { max: MAX_SHARDS + 1, maxLength: 2 ** 30, maxSteps: 100 * MAX_SHARDS };

function expandBraces(part: string): string[] {
  const paths = part.includes('{') ? expand(part, LIMITS) : [part];
  if (paths.length <= MAX_SHARDS) return paths;
  throw new MedbenchError('config', `"${part}" stands for more than ${MAX_SHARDS} shards`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readSizes(files: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const folder of new Set(files.map((path) => dirname(path)))) {
    const file = join(folder, 'sizes.json');
    const text = await readIfPresent(file);
    if (text === undefined) continue;
    let counts: unknown;
    try {
      counts = JSON.parse(text);
    } catch (cause) {
      throw new MedbenchError('data', `${file} is not JSON`, { cause, hint: 'Mend it, or remove it.' });
    }
    for (const path of files) {
      if (dirname(path) !== folder) continue;
      const size = (counts as Record<string, unknown> | null)?.[basename(path)];
      if (size !== undefined) sizes.set(path, checkCount(file, size));
    }
  }
  return sizes;
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return Buffer.from(await readBytes(file)).toString('utf8');
  } catch (cause) {
    if (((cause as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw cause;
  }
}

function checkCount(file: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MedbenchError('data', `${file} holds an invalid count of samples`, { hint: 'Mend it, or remove it.' });
}
