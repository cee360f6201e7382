import type { RecallCurve } from '@medbench/core';
import type { RetrievalRanks } from './ranks.js';

/** The k of a recall curve: 1, 2, 5, 10, 20, 50, … up to the size of the smaller gallery. */
function curveKs(gallery: number): number[] {
  const ks: number[] = [];
  for (let decade = 1; decade <= gallery; decade *= 10) ks.push(decade, 2 * decade, 5 * decade);
  return ks.filter((k) => k <= gallery);
}

/** Recall@k for many k, from the ranks of `retrievalRanks`. Images without a text are not queries. */
export function recallCurve({ imageToText, textToImage }: RetrievalRanks): RecallCurve {
  const queryRanks = imageToText.filter((rank) => rank > 0);
  const k = curveKs(Math.min(imageToText.length, textToImage.length));
  const recall = (ranks: Int32Array, limit: number): number =>
    ranks.reduce((sum, rank) => sum + (rank <= limit ? 1 : 0), 0) / ranks.length;
  return {
    images: imageToText.length,
    texts: textToImage.length,
    k,
    imageToText: k.map((most) => recall(queryRanks, most)),
    textToImage: k.map((most) => recall(textToImage, most)),
  };
}
