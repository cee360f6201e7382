import { type EncodedPair, MedbenchError } from '@medbench/core';
import { decodeOptions, type GreyWindow } from '@medbench/data';
import { byteStore, type RemoteFiles } from '../files/byte-store.js';
import { type BadSamples, badList, type EncodedPairs, pairSource } from '../pairs/bad-samples.js';
import { openIndices } from './indices.js';
import { readSample } from './sample.js';
import { shardOrder } from './shard-order.js';
import { findShards } from './shards.js';

export interface WebDatasetOptions {
  /** Field of the sample's JSON that holds the caption. Default: the caption is the sample's `.txt`. */
  readonly captionField?: string;
  /** Suffix of the member with that JSON. Default `json`. */
  readonly captionSuffix?: string;
  /** Levels of 16-bit grey images that become black and white, as in `decodeImage`. */
  readonly window?: GreyWindow | undefined;
  /**
   * Leave out broken samples instead of failing. Samples without image or caption are left out when the shards are
   * opened. A sample whose bytes prove broken when it is read is replaced by the next one. Default false.
   */
  readonly skipBad?: boolean;
  /** Receives a message for each sample that is left out. */
  readonly skip?: (message: string) => void;
  /** Folder in which the shards' indices are cached, so that the next run opens at once. Default: no cache. */
  readonly cacheFolder?: string;
  /**
   * Whether an epoch shows the shards one after the other, in random order: a few at a time, the samples of which are
   * mixed. Then shards that are fetched are each fetched once, and ahead of their use. Default false: all are mixed.
   */
  readonly byShard?: boolean;
  /** Opens shards behind an address. Default: shards are on disk. */
  readonly remote?: RemoteFiles | undefined;
}

export interface WebDataset extends EncodedPairs {
  /** Number of samples of each shard, in the order in which shards are named. */
  readonly parts: readonly number[];
  /** Samples that were left out; grows while samples are read. */
  readonly bad: BadSamples;
}

/**
 * Opens pairs from WebDataset shards: plain tar files in which neighbouring members that share a name up to its first
 * dot form a sample, with an image (`jpg`, `png`, `jpeg`, `webp`) and a caption. Any pair can be read at any time;
 * memory takes four bytes per pair.
 * @param spec A folder, a file, a range in braces, an address, or several joined by `::` (`findShards`). A shard named
 * twice counts twice.
 * @throws MedbenchError('data') naming shard and member: damaged or cut short, no image or no caption, a number of
 * samples other than `sizes.json` or `__len__` says; ('network') for a shard that cannot be fetched.
 */
export async function webDataset(spec: string, options: WebDatasetOptions = {}): Promise<WebDataset> {
  const { captionField, captionSuffix = 'json', skipBad = false, remote } = options;
  const shards = await findShards(spec, remote);
  const caption = captionField === undefined ? { suffix: 'txt' } : { suffix: captionSuffix, field: captionField };
  const bad = badList(skipBad, options.skip);
  const store = byteStore(remote);
  const indices = await openIndices(store, shards, caption.suffix, bad, options);
  const parts = shards.files.map((file) => indices.samples(file));
  // Index of each shard's first sample: one number per shard, not per sample.
  const firstSamples = new Float64Array(shards.files.length + 1);
  for (const [i, samples] of parts.entries()) firstSamples[i + 1] = firstSamples[i]! + samples;
  const length = firstSamples[shards.files.length]!;
  if (length === 0) throw new MedbenchError('data', `The shards of "${spec}" hold no sample with image and caption`);
  const ordered = options.byShard === true ? shardOrder(shards.files, parts, remote) : undefined;
  const read = async (index: number): Promise<EncodedPair> => {
    const shard = findShard(firstSamples, index);
    ordered?.willRead(shard);
    const file = shards.files[shard]!;
    const pair = await readSample(store, file, await indices.get(file), index - firstSamples[shard]!, caption);
    return { ...pair, ...decodeOptions(options) };
  };
  const pairs = Object.assign(pairSource(length, read, skipBad ? bad : undefined), { bad, parts });
  return ordered ? Object.assign(pairs, { order: ordered.order }) : pairs;
}

/** The shard that holds a sample: the last one that begins at or before it and is not empty. */
function findShard(firstSamples: Float64Array, index: number): number {
  let low = 0;
  let high = firstSamples.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (firstSamples[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}
