import type { Interval, Matrix } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import type { BootstrapOptions } from './bootstrap.js';
import { bootstrapIntervals } from './bootstrap.js';
import { innerProducts } from './linear-algebra.js';

/** Rank of the best positive of each query, 1 is best; 0 for an image without a text. */
export interface RetrievalRanks {
  readonly imageToText: Int32Array;
  readonly textToImage: Int32Array;
}

const BLOCK = 256;

/**
 * Ranks in both directions without the full score matrix. A negative that scores the same as the best positive is
 * ranked before it (pessimistic), so that constant embeddings rank last.
 *
 * @param images `[N, D]`, unit rows.
 * @param texts `[M, D]`, unit rows.
 * @param imageOfText index of the image that each text describes; an image may have several texts.
 * @throws MedbenchError if sizes disagree or an index is outside the images.
 */
export function retrievalRanks(images: Matrix, texts: Matrix, imageOfText: Int32Array): RetrievalRanks {
  const N = images.rows;
  const M = texts.rows;
  const D = images.cols;
  if (texts.cols !== D || imageOfText.length !== M || imageOfText.some((i) => i < 0 || i >= N)) {
    throw new MedbenchError('evaluation', `${M} texts of width ${texts.cols} do not match ${N} images of width ${D}`);
  }
  const positive = new Float64Array(M);
  const best = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
  const one = new Float64Array(1);
  for (let t = 0; t < M; t++) {
    const i = imageOfText[t]!;
    innerProducts(images.data, i, 1, texts.data, t, 1, D, one);
    positive[t] = one[0]!;
    best[i] = best[i] === Number.POSITIVE_INFINITY ? one[0]! : Math.max(best[i]!, one[0]!);
  }
  const imageToText = Int32Array.from(best, (value) => (value === Number.POSITIVE_INFINITY ? 0 : 1));
  const textToImage = new Int32Array(M).fill(1);
  const scores = new Float64Array(BLOCK * BLOCK);
  for (let i0 = 0; i0 < N; i0 += BLOCK) {
    const rows = Math.min(BLOCK, N - i0);
    for (let t0 = 0; t0 < M; t0 += BLOCK) {
      const cols = Math.min(BLOCK, M - t0);
      innerProducts(images.data, i0, rows, texts.data, t0, cols, D, scores);
      for (let a = 0; a < rows; a++) {
        const i = i0 + a;
        const threshold = best[i]!;
        let ahead = 0;
        for (let b = 0; b < cols; b++) {
          const t = t0 + b;
          if (imageOfText[t] === i) continue;
          const score = scores[a * cols + b]!;
          if (score >= threshold) ahead++;
          if (score >= positive[t]!) textToImage[t]!++;
        }
        imageToText[i]! += ahead;
      }
    }
  }
  return { imageToText, textToImage };
}

export interface RetrievalSummary {
  /** `i2t_recall@k`, `t2i_recall@k`, `mean_recall@k` for each k, `i2t_median_rank`, `t2i_median_rank`. */
  readonly metrics: Record<string, { readonly value: number; readonly ci95: Interval }>;
  /** The k of the primary metric. */
  readonly primaryK: number;
  /** For each image with a text: the mean of its own hit and its texts' mean hit at `primaryK`. */
  readonly perImage: number[];
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
 * Recall@k (a hit if at least one positive is within the first k) and median rank, both ways. The intervals draw images,
 * each with its texts, and leave the gallery as it is.
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
      const found = hits[index]!;
      let forward = 0;
      let backward = 0;
      for (let s = 0; s < n; s++) {
        const count = counts[s]!;
        if (ownRank[s]! <= k) forward += count;
        backward += count * found[s]!;
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
  const intervals = bootstrapIntervals(n, statistics, options);
  const metrics = Object.fromEntries(
    names.map((name, index) => [name, { value: values[index]!, ci95: intervals[index]! }]),
  );
  const primaryHits = hits[ks.indexOf(primaryK)];
  const perImage = Array.from(ownRank, (rank, s) => {
    const forward = rank <= primaryK ? 1 : 0;
    return (forward + (primaryHits?.[s] ?? 0) / texts[s]!) / 2;
  });
  return { metrics, primaryK, perImage };
}
