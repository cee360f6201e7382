import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import { expand } from 'brace-expansion';

/** More shards than this are taken for a slip in a range. */
const MAX_SHARDS = 100_000;

export interface Shards {
  /** Paths, in order; one may come more than once. */
  readonly files: readonly string[];
  /** How many samples a shard must have, by its path, where the data say so. */
  readonly samples: ReadonlyMap<string, number>;
  /** How many samples the shards of a whole folder have together (`__len__`). */
  readonly totals: readonly { readonly file: string; readonly shards: readonly string[]; readonly samples: number }[];
}

/**
 * The shards that a text names: a folder (its `.tar` files by name), a file, a range in braces
 * (`cc3m-{00000..00099}.tar`, `{a,b}.tar`), or several of these joined by `::`. Counts are read from `sizes.json`
 * (`{"00000.tar": 1000}`) and, for a whole folder, `__len__`, if they lie beside the shards.
 * @throws MedbenchError('data') naming what is not there, ('config') for an address or a range without end.
 */
export async function findShards(spec: string): Promise<Shards> {
  const files: string[] = [];
  const totals: { file: string; shards: string[]; samples: number }[] = [];
  for (const part of spec.split('::')) {
    if (part === '') throw new MedbenchError('config', `"${spec}" names no shard between its "::"`);
    if (/^[a-z][a-z0-9+.-]+:/i.test(part) && !/^[a-z]:[\\/]/i.test(part)) {
      throw new MedbenchError('config', `"${part}" is no folder or file: shards are read from disk only`, {
        hint: 'Fetch the shards first, then name their folder.',
      });
    }
    for (const path of expanded(part)) {
      if (!(await isFolder(path))) {
        files.push(path);
        continue;
      }
      const shards = (await namesIn(path)).filter((name) => name.endsWith('.tar')).map((name) => join(path, name));
      if (shards.length === 0) {
        throw new MedbenchError('data', `${path} holds no shard`, { hint: 'Shards are files that end in .tar.' });
      }
      files.push(...shards);
      const file = join(path, '__len__');
      const samples = await textOf(file);
      if (samples !== undefined)
        totals.push({ file, shards, samples: count(file, Number(samples.trim() || Number.NaN)) });
    }
  }
  return { files, totals, samples: await sizesOf(files) };
}

// One more than are allowed, and no other limit before that: the library cuts its list short without a word.
const LIMITS = { max: MAX_SHARDS + 1, maxLength: 2 ** 30, maxSteps: 100 * MAX_SHARDS };

function expanded(part: string): string[] {
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

const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

async function sizesOf(files: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const folder of new Set(files.map((path) => dirname(path)))) {
    const file = join(folder, 'sizes.json');
    const text = await textOf(file);
    if (text === undefined) continue;
    let known: unknown;
    try {
      known = JSON.parse(text);
    } catch (cause) {
      throw new MedbenchError('data', `${file} is no JSON`, { cause, hint: 'Mend it, or remove it.' });
    }
    for (const path of files) {
      if (dirname(path) !== folder) continue;
      const size = (known as Record<string, unknown> | null)?.[basename(path)];
      if (size !== undefined) sizes.set(path, count(file, size));
    }
  }
  return sizes;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, cause);
  }
}

function count(file: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MedbenchError('data', `${file} holds a count of samples that is none`, { hint: 'Mend it, or remove it.' });
}
