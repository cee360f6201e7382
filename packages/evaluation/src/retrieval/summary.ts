import type { ConfidenceInterval } from '@medbench/core';
import type { BootstrapOptions } from '../statistics/bootstrap.js';
import { bootstrapIntervals } from '../statistics/bootstrap.js';
import type { RetrievalRanks } from './ranks.js';

/** Metrics of retrieval and the scores of single images. */
export interface RetrievalSummary {
  /** `i2t_recall@k`, `t2i_recall@k`, `mean_recall@k` for each k, `i2t_median_rank`, `t2i_median_rank`. */
  readonly metrics: Record<string, { readonly value: number; readonly ci95: ConfidenceInterval }>;
  /** The k of the primary metric. */
  readonly primaryK: number;
  /** Score of each image with a text: the mean of the image's own hit and the mean hit of its texts, at `primaryK`. */
  readonly perImage: number[];
  /** Index of the image of each entry of `perImage`. */
  readonly imagesWithText: Int32Array;
}

/**
 * Median of ranks with multiplicities. The lower and the upper middle are averaged.
 * @param order indices of the queries by ascending rank. @param weight multiplicity of a query.
 */
function weightedMedian(ranks: Int32Array, order: Int32Array, weight: (query: number) => number): number {
  let total = 0;
  for (const query of order) total += weight(query);
  let below = 0;
  let lower = Number.NaN;
  for (const query of order) {
    below += weight(query);
    if (Number.isNaN(lower) && 2 * below >= total) lower = ranks[query]!;
    if (2 * below > total) return (lower + ranks[query]!) / 2;
  }
  return lower;
}

/**
 * Computes recall@k (a hit if at least one positive is among the first k) and the median rank, in both directions.
 * Intervals resample images with all their texts, or whole groups of images if `groups` `[N]` are given. The gallery is
 * not resampled.
 *
 * Only k up to the size of the smaller gallery are reported. The primary k is `primaryK`, by default the largest of
 * `ks`. If it is not reported, the primary k is 10, or else the largest reported k.
 */
export function summarizeRetrieval(
  ranks: RetrievalRanks,
  imageOfText: Int32Array,
  options: BootstrapOptions & { readonly ks?: readonly number[]; readonly primaryK?: number },
): RetrievalSummary {
  const { imageToText, textToImage } = ranks;
  const wanted = [...(options.ks ?? [1, 5, 10, 50, 200])].sort((a, b) => a - b);
  const gallery = Math.min(imageToText.length, textToImage.length);
  const ks = wanted.filter((k) => k <= gallery);
  const headline = options.primaryK ?? wanted.at(-1)!;
  const primaryK = ks.includes(headline) ? headline : ks.includes(10) ? 10 : (ks.at(-1) ?? 1);

  // Images with a text are resampled. `texts` counts the texts of each image, and `hits` the texts found within each k.
  const withText = Int32Array.from(imageToText.keys()).filter((i) => imageToText[i]! > 0);
  const slot = new Int32Array(imageToText.length);
  withText.forEach((image, s) => {
    slot[image] = s;
  });
  const n = withText.length;
  const texts = new Int32Array(n);
  const hits = ks.map(() => new Int32Array(n));
  textToImage.forEach((rank, t) => {
    const s = slot[imageOfText[t]!]!;
    texts[s]!++;
    ks.forEach((k, index) => {
      if (rank <= k) hits[index]![s]!++;
    });
  });
  const ownRank = withText.map((image) => imageToText[image]!);
  const byOwnRank = Int32Array.from(ownRank.keys()).sort((a, b) => ownRank[a]! - ownRank[b]!);
  const byTextRank = Int32Array.from(textToImage.keys()).sort((a, b) => textToImage[a]! - textToImage[b]!);

  const names = [
    ...ks.flatMap((k) => [`i2t_recall@${k}`, `t2i_recall@${k}`, `mean_recall@${k}`]),
    'i2t_median_rank',
    't2i_median_rank',
  ];
  const statistics = (counts: Int32Array): Float64Array => {
    const values = new Float64Array(names.length);
    let images = 0;
    let captions = 0;
    for (let s = 0; s < n; s++) {
      images += counts[s]!;
      captions += counts[s]! * texts[s]!;
    }
    ks.forEach((k, index) => {
      const textHits = hits[index]!;
      let forward = 0;
      let backward = 0;
      for (let s = 0; s < n; s++) {
        const count = counts[s]!;
        if (ownRank[s]! <= k) forward += count;
        backward += count * textHits[s]!;
      }
      values[3 * index] = forward / images;
      values[3 * index + 1] = backward / captions;
      values[3 * index + 2] = (forward / images + backward / captions) / 2;
    });
    values[names.length - 2] = weightedMedian(ownRank, byOwnRank, (s) => counts[s]!);
    values[names.length - 1] = weightedMedian(textToImage, byTextRank, (t) => counts[slot[imageOfText[t]!]!]!);
    return values;
  };
  const values = statistics(new Int32Array(n).fill(1));
  const groups = options.groups && withText.map((image) => options.groups![image]!);
  const intervals = bootstrapIntervals(n, statistics, { ...options, groups });
  const metrics = Object.fromEntries(
    names.map((name, index) => [name, { value: values[index]!, ci95: intervals[index]! }]),
  );
  const primaryHits = hits[ks.indexOf(primaryK)];
  const perImage = Array.from(ownRank, (rank, s) => {
    const forward = rank <= primaryK ? 1 : 0;
    return (forward + (primaryHits?.[s] ?? 0) / texts[s]!) / 2;
  });
  return { metrics, primaryK, perImage, imagesWithText: withText };
}
