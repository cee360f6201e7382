import { basename, dirname, join } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import { addressBeside, isAddress, type RemoteFiles } from '../files/byte-store.js';
import { eachPart } from '../files/find-files.js';

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
 * Finds the shards that a text names, as `findFiles`. Counts are read from `sizes.json` (`{"00000.tar": 1000}`) and, for a
 * whole folder, from `__len__`, if these files lie beside the shards.
 * @param remote Lists what is behind an address. Default: addresses are refused.
 * @throws MedbenchError as `findFiles`; ('data') for a file of counts that is not one.
 */
export async function findShards(spec: string, remote?: RemoteFiles): Promise<Shards> {
  const files: string[] = [];
  const totals: { file: string; shards: readonly string[]; samples: number }[] = [];
  for await (const { files: shards, folder } of eachPart(spec, '.tar', remote)) {
    files.push(...shards);
    if (folder === undefined) continue;
    const file = join(folder, '__len__');
    const samples = await readIfPresent(file);
    if (samples !== undefined)
      totals.push({ file, shards, samples: checkCount(file, Number(samples.trim() || Number.NaN)) });
  }
  return { files, totals, samples: await readSizes(files, remote) };
}

async function readSizes(files: readonly string[], remote?: RemoteFiles): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const file of new Set(files.map((path) => beside(path, 'sizes.json')))) {
    const text = isAddress(file) ? await remote?.text(file) : await readIfPresent(file);
    if (text === undefined) continue;
    let counts: unknown;
    try {
      counts = JSON.parse(text);
    } catch (cause) {
      throw new MedbenchError('data', `${file} is not JSON`, { cause, hint: 'Mend it, or remove it.' });
    }
    for (const path of files) {
      if (beside(path, 'sizes.json') !== file) continue;
      const size = (counts as Record<string, unknown> | null)?.[basename(path)];
      if (size !== undefined) sizes.set(path, checkCount(file, size));
    }
  }
  return sizes;
}

const beside = (file: string, name: string): string =>
  isAddress(file) ? addressBeside(file, name) : join(dirname(file), name);

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
