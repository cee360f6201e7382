import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@medbench/core';
import { tarEnd, tarMember } from '../archives/tar-write.js';

/** A sample of a shard: a JPEG and its caption. */
export interface ShardSample {
  readonly jpeg: Uint8Array;
  readonly caption: string;
}

export interface WriteShardsOptions {
  readonly folder: string;
  /** Number of samples in all. */
  readonly length: number;
  /** Samples of each shard; the last has what is left. */
  readonly perShard: number;
  /** Samples that are made at the same time. */
  readonly ahead: number;
  /** Makes a sample. */
  readonly sample: (index: number) => Promise<ShardSample>;
  /** Called when a shard is complete, with the number of samples so far. */
  readonly progress?: (samples: number) => void;
  /** Stops the writing before the next shard. */
  readonly signal?: AbortSignal;
}

/** Name of a shard. */
export const shardName = (shard: number): string => `${String(shard).padStart(5, '0')}.tar`;

/**
 * Writes WebDataset shards, `00000.tar` and so on, of samples `000000000.jpg` and `000000000.txt`. A shard appears when it
 * is complete, and one that is there is not written again. `__len__` holds the number of all samples from the start, so
 * that a folder which is not complete is refused when it is opened. At the end, `sizes.json` gets the number of each shard:
 * with it, readers of the shards behind an address need not read all of them first.
 * @returns the number of shards that were there already.
 * @throws MedbenchError('store') naming the file that cannot be written, and whatever `sample` throws.
 */
export async function writeShards(options: WriteShardsOptions): Promise<number> {
  const { folder, length, perShard, sample, progress, signal } = options;
  await writeFileAtomic(join(folder, '__len__'), `${length}\n`);
  const sizes: Record<string, number> = {};
  let found = 0;
  for (let shard = 0; shard * perShard < length; shard++) {
    const path = join(folder, shardName(shard));
    const from = shard * perShard;
    const to = Math.min(length, from + perShard);
    sizes[shardName(shard)] = to - from;
    if (existsSync(path)) found++;
    else {
      signal?.throwIfAborted();
      await writeFileAtomic(path, async (file) => {
        for await (const { index, jpeg, caption } of inOrder(from, to, options.ahead, sample)) {
          const key = String(index).padStart(9, '0');
          await file.writeFile(tarMember(`${key}.jpg`, jpeg));
          await file.writeFile(tarMember(`${key}.txt`, Buffer.from(caption)));
        }
        await file.writeFile(tarEnd());
      });
    }
    progress?.(to);
  }
  await writeFileAtomic(join(folder, 'sizes.json'), `${JSON.stringify(sizes)}\n`);
  return found;
}

/** Makes samples ahead of their use, and yields them in order. */
async function* inOrder(from: number, to: number, ahead: number, sample: WriteShardsOptions['sample']) {
  const pending: Promise<ShardSample & { readonly index: number }>[] = [];
  let next = from;
  const fill = (): void => {
    while (next < to && pending.length < ahead) {
      const index = next++;
      const made = sample(index).then((parts) => ({ ...parts, index }));
      // A failure is reported when the sample's turn comes.
      made.catch(() => undefined);
      pending.push(made);
    }
  };
  try {
    for (fill(); pending.length > 0; fill()) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}
