import { MedbenchError } from '@medbench/core';
import { type ByteStore, isAddress } from '../files/byte-store.js';
import { mapTogether } from '../files/map-together.js';
import type { BadList } from '../pairs/bad-samples.js';
import { brokenSample, IMAGE_SUFFIXES } from './sample.js';
import type { Shards } from './shards.js';
import { indexShard, type ShardIndex } from './tar-index.js';

/** Remote shards that are indexed at the same time. */
const INDEXED_TOGETHER = 4;

/** Where the samples of shards lie. */
export interface ShardIndices {
  /** Number of samples of a shard. */
  samples(file: string): number;
  /** The positions of a shard's samples. @throws MedbenchError as `openIndices`. */
  get(file: string): Promise<ShardIndex>;
}

/**
 * Indexes the distinct shards. A remote shard whose number of samples is known (`sizes.json`) is indexed when it is first read, so
 * that a training begins before all shards were fetched.
 * @param suffix that of the members with captions.
 * @throws MedbenchError('data') naming a shard with other samples than it must have; ('network') for one that cannot be fetched.
 */
export async function openIndices(
  store: ByteStore,
  shards: Shards,
  suffix: string,
  bad: BadList,
  { cacheFolder, skipBad = false }: { readonly cacheFolder?: string; readonly skipBad?: boolean },
): Promise<ShardIndices> {
  const index = (shard: string): Promise<ShardIndex> =>
    indexShard(store, shard, {
      check: (suffixes) => describeFault(suffixes, suffix),
      onBad: (member, fault) => bad.take(typeof fault === 'string' ? brokenSample(shard, member, fault) : fault),
      cacheFolder,
      cacheKey: suffix,
    });
  const isLater = (file: string): boolean => isAddress(file) && shards.samples.has(file) && !skipBad;
  const now = [...new Set(shards.files)].filter((file) => !isLater(file));
  // Shards on disk are indexed one after the other: reads of headers are synchronous, so several at a time would only
  // take more memory. Remote ones wait for the network.
  const indexed = await mapTogether(now, index, now.some(isAddress) ? INDEXED_TOGETHER : 1);
  const counts = new Map(now.map((file, i) => [file, indexed[i]!.starts.length - 1]));
  checkCounts(shards, counts, bad.take);
  const indices = new Map<string, Promise<ShardIndex>>(now.map((file, i) => [file, Promise.resolve(indexed[i]!)]));
  const indexLater = async (file: string): Promise<ShardIndex> => {
    const found = await index(file);
    checkCounts({ ...shards, totals: [] }, new Map([[file, found.starts.length - 1]]), bad.take);
    return found;
  };
  return {
    samples: (file) => counts.get(file) ?? shards.samples.get(file)!,
    get(file) {
      const known = indices.get(file) ?? indexLater(file);
      indices.set(file, known);
      // A failure is not remembered: the next read tries again.
      known.catch(() => indices.delete(file));
      return known;
    },
  };
}

function describeFault(suffixes: readonly string[], text: string): string | undefined {
  if (new Set(suffixes).size < suffixes.length) return 'has two members with the same suffix';
  const hasImage = suffixes.some((suffix) => IMAGE_SUFFIXES.includes(suffix));
  if (hasImage && suffixes.includes(text)) return undefined;
  const missing = hasImage ? `has no caption (.${text})` : `has no image (${IMAGE_SUFFIXES.join(', ')})`;
  const dotted = suffixes.find((suffix) => suffix.includes('.'));
  // Names such as those of DICOM files, which are full of dots.
  if (dotted !== undefined) return `${missing}: its name ends at the first dot, so that its suffix is "${dotted}"`;
  return suffixes.length === 1 ? `${missing} beside it: the members of a sample must lie together` : missing;
}

/** Compares the numbers of samples of shards that were indexed with those that they must have. */
function checkCounts(
  { samples, totals }: Pick<Shards, 'samples' | 'totals'>,
  counts: ReadonlyMap<string, number>,
  report: (error: MedbenchError) => void,
): void {
  const compare = (place: string, actual: number, expected: number, by: string): void => {
    if (actual === expected) return;
    report(
      new MedbenchError('data', `${place} holds ${actual} samples, where ${by} says ${expected}`, {
        hint: 'A shard is missing, cut short or broken, or the count is out of date.',
      }),
    );
  };
  for (const [file, expected] of samples) {
    const actual = counts.get(file);
    if (actual !== undefined) compare(file, actual, expected, 'sizes.json');
  }
  for (const { file, shards, samples: expected } of totals) {
    const actual = shards.reduce((sum, shard) => sum + counts.get(shard)!, 0);
    compare(`${shards.length} shards`, actual, expected, file);
  }
}
