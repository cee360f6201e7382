import { type EncodedPair, MedbenchError } from '@medbench/core';
import { decodeOptions, type GreyWindow } from '@medbench/data';
import { openFiles } from '../files/open-files.js';
import { type BadSamples, badList, type EncodedPairs, pairSource } from '../pairs/bad-samples.js';
import { brokenSample, IMAGE_SUFFIXES, readSample } from './sample.js';
import { findShards, type Shards } from './shards.js';
import { indexShard, type ShardIndex } from './tar-index.js';

export interface WebDatasetOptions {
  /** Field of the sample's `.json` that holds the caption. Default: the caption is the sample's `.txt`. */
  readonly captionField?: string;
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
}

export interface WebDataset extends EncodedPairs {
  /** Samples that were left out; grows while samples are read. */
  readonly bad: BadSamples;
}

/**
 * Opens pairs from WebDataset shards: plain tar files in which neighbouring members that share a name up to its first
 * dot form a sample, with an image (`jpg`, `png`, `jpeg`, `webp`) and a caption. Any pair can be read at any time;
 * memory takes four bytes per pair.
 * @param spec A folder, a file, a range in braces, or several joined by `::` (`findShards`). A shard named twice counts
 * twice.
 * @throws MedbenchError('data') naming shard and member: damaged or cut short, no image or no caption, a number of
 * samples other than `sizes.json` or `__len__` says.
 */
export async function webDataset(spec: string, options: WebDatasetOptions = {}): Promise<WebDataset> {
  const { captionField, skipBad = false, cacheFolder } = options;
  const shards = await findShards(spec);
  const text = captionField === undefined ? 'txt' : 'json';
  const bad = badList(skipBad, options.skip);
  const indices = new Map<string, ShardIndex>();
  // Shards are indexed one after the other: reads of headers are synchronous, so several at a time would only take more
  // memory.
  for (const shard of new Set(shards.files)) {
    const index = await indexShard(shard, {
      check: (suffixes) => describeFault(suffixes, text),
      onBad: (member, fault) => bad.take(typeof fault === 'string' ? brokenSample(shard, member, fault) : fault),
      cacheFolder,
      cacheKey: text,
    });
    indices.set(shard, index);
  }
  checkCounts(shards, indices, bad.take);
  // Index of each shard's first sample: one number per shard, not per sample.
  const firstSamples = new Float64Array(shards.files.length + 1);
  for (const [i, file] of shards.files.entries())
    firstSamples[i + 1] = firstSamples[i]! + indices.get(file)!.starts.length - 1;
  const length = firstSamples[shards.files.length]!;
  if (length === 0) throw new MedbenchError('data', `The shards of "${spec}" hold no sample with image and caption`);
  const files = openFiles();
  const read = async (index: number): Promise<EncodedPair> => {
    const shard = findShard(firstSamples, index);
    const file = shards.files[shard]!;
    const pair = await readSample(files, file, indices.get(file)!, index - firstSamples[shard]!, captionField);
    return { ...pair, ...decodeOptions(options) };
  };
  return Object.assign(pairSource(length, read, skipBad ? bad : undefined), { bad });
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

function checkCounts(
  { samples, totals }: Shards,
  indices: ReadonlyMap<string, ShardIndex>,
  report: (error: MedbenchError) => void,
): void {
  const sampleCount = (file: string): number => indices.get(file)!.starts.length - 1;
  const compare = (place: string, actual: number, expected: number, by: string): void => {
    if (actual === expected) return;
    report(
      new MedbenchError('data', `${place} holds ${actual} samples, where ${by} says ${expected}`, {
        hint: 'A shard is missing, cut short or broken, or the count is out of date.',
      }),
    );
  };
  for (const [file, expected] of samples) compare(file, sampleCount(file), expected, 'sizes.json');
  for (const { file, shards, samples: expected } of totals) {
    const actual = shards.reduce((sum, shard) => sum + sampleCount(shard), 0);
    compare(`${shards.length} shards`, actual, expected, file);
  }
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
