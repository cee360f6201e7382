import type { ConfidenceInterval } from '@medbench/core';
import type { BootstrapOptions } from '../statistics/bootstrap.js';
import { bootstrapIntervals } from '../statistics/bootstrap.js';
import type { RetrievalRanks } from './ranks.js';

export interface RetrievalSummary {
  /** `i2t_recall@k`, `t2i_recall@k`, `mean_recall@k` for each k, `i2t_median_rank`, `t2i_median_rank`. */
  readonly metrics: Record<string, { readonly value: number; readonly ci95: ConfidenceInterval }>;
  /** The k of the primary metric. */
  readonly primaryK: number;
  /** For each image with a text: the mean of its own hit and its texts' mean hit at `primaryK`. */
  readonly perImage: number[];
  /** Index of the image that each entry of `perImage` is about. */
  readonly imagesWithText: Int32Array;
}

/** Median with multiplicities, over values in rising order; the lower and upper middle are averaged. */
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
 * Recall@k (a hit if at least one positive is within the first k) and median rank, both ways. The intervals draw
 * images, each with its texts (whole `groups` of images where given, `[N]`), and leave the gallery as it is.
 *
 * Only k up to the smaller gallery are reported. The primary k is the one asked for, else the largest of `ks`; or 10 if
 * that does not fit, or the largest that does.
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

  // Images with a text are what is drawn; `texts` holds how many each has, `hits` how many of them are found.
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
