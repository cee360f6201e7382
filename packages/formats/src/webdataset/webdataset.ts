import { type EncodedPair, MedbenchError, type PairSource } from '@medbench/core';
import { openFiles } from '../files/open-files.js';
import { type BadSamples, badList, pairSource } from '../pairs/bad-samples.js';
import { brokenSample, IMAGES, readSample } from './sample.js';
import { findShards, type Shards } from './shards.js';
import { indexShard, type ShardIndex } from './tar-index.js';

export interface WebDatasetOptions {
  /** Field of the sample's `.json` that holds the caption. Default: the caption is the sample's `.txt`. */
  readonly captionField?: string;
  /**
   * Leave out samples that are broken, instead of an error: those without image or caption when the shards are opened,
   * those whose bytes turn out to be broken when they are read, in whose place comes the next. Default false.
   */
  readonly skipBad?: boolean;
  /** Takes what is left out. */
  readonly skip?: (what: string) => void;
  /** Folder in which the shards' indices are kept, so that the next run opens at once. Default: none are kept. */
  readonly cacheFolder?: string;
}

export interface WebDataset extends Required<PairSource> {
  /** Grows while samples are read. */
  readonly bad: BadSamples;
}

/**
 * Pairs from WebDataset shards: plain tar files in which neighbouring members that share a name up to its first dot form
 * a sample, with an image (`jpg`, `png`, `jpeg`, `webp`) and a caption. Any pair can be read at any time; memory takes
 * four bytes a pair.
 * @param spec A folder, a file, a range in braces, or several joined by `::` (`findShards`). A shard named twice counts
 * twice.
 * @throws MedbenchError('data') naming shard and member: damaged or cut short, no image or no caption, a shard whose
 * samples are not as many as `sizes.json` or `__len__` says.
 */
export async function webDataset(spec: string, options: WebDatasetOptions = {}): Promise<WebDataset> {
  const { captionField, skipBad = false, cacheFolder } = options;
  const shards = await findShards(spec);
  const text = captionField === undefined ? 'txt' : 'json';
  const bad = badList(skipBad, options.skip);
  const indices = new Map<string, ShardIndex>();
  // One after the other: reads of a shard's headers wait for nothing, and more at a time only take more memory.
  for (const shard of new Set(shards.files)) {
    const index = await indexShard(shard, {
      check: (suffixes) => whatIsMissing(suffixes, text),
      onBad: (member, fault) => bad.take(typeof fault === 'string' ? brokenSample(shard, member, fault) : fault),
      cacheFolder,
      cacheKey: text,
    });
    indices.set(shard, index);
  }
  checkCounts(shards, indices, bad.take);
  // A number for each shard, not for each sample: where its samples begin among all.
  const begins = new Float64Array(shards.files.length + 1);
  for (const [i, file] of shards.files.entries()) begins[i + 1] = begins[i]! + indices.get(file)!.starts.length - 1;
  const length = begins[shards.files.length]!;
  if (length === 0) throw new MedbenchError('data', `The shards of "${spec}" hold no sample with image and caption`);
  const files = openFiles();
  const read = async (index: number): Promise<EncodedPair> => {
    const shard = shardOf(begins, index);
    const file = shards.files[shard]!;
    return readSample(files, file, indices.get(file)!, index - begins[shard]!, captionField);
  };
  return Object.assign(pairSource(length, read, skipBad ? bad : undefined), { bad });
}

function whatIsMissing(suffixes: readonly string[], text: string): string | undefined {
  if (new Set(suffixes).size < suffixes.length) return 'has two members of one name';
  if (!suffixes.some((suffix) => IMAGES.includes(suffix))) return `has no image (${IMAGES.join(', ')})`;
  return suffixes.includes(text) ? undefined : `has no caption (.${text})`;
}

function checkCounts(
  { samples, totals }: Shards,
  indices: ReadonlyMap<string, ShardIndex>,
  problem: (error: MedbenchError) => void,
): void {
  const countOf = (file: string): number => indices.get(file)!.starts.length - 1;
  const compare = (place: string, found: number, expected: number, by: string): void => {
    if (found === expected) return;
    problem(
      new MedbenchError('data', `${place} holds ${found} samples, where ${by} says ${expected}`, {
        hint: 'A shard is missing, cut short or broken, or the count is out of date.',
      }),
    );
  };
  for (const [file, expected] of samples) compare(file, countOf(file), expected, 'sizes.json');
  for (const { file, shards, samples: expected } of totals) {
    const found = shards.reduce((sum, shard) => sum + countOf(shard), 0);
    compare(`${shards.length} shards`, found, expected, file);
  }
}

/** The last shard that begins at the sample or before it, and is not empty. */
function shardOf(begins: Float64Array, index: number): number {
  let low = 0;
  let high = begins.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (begins[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}
