import { createHash } from 'node:crypto';
import { type Backend, type Matrix, MedbenchError } from '@medbench/core';
import { innerProducts } from '../numerics/linear-algebra.js';
import { BlockCounter, type NearScore } from './block-counter.js';
import { scoreBlocks } from './score-blocks.js';

/** Rank of the best positive of each query. 1 is best; an image without a text has 0. */
export interface RetrievalRanks {
  readonly imageToText: Int32Array;
  readonly textToImage: Int32Array;
}

/** Numbers the distinct rows of a matrix. Rows with the same bytes get the same number. */
function numberRowKinds({ rows, cols, data }: Matrix): Int32Array {
  const kinds = new Map<string, number>();
  return Int32Array.from({ length: rows }, (_, i) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset + 4 * i * cols, 4 * cols);
    const key = createHash('sha1').update(bytes).digest('base64');
    const kind = kinds.get(key) ?? kinds.size;
    kinds.set(key, kind);
    return kind;
  });
}

/**
 * Makes a function that tells whether two rows have the same bytes. Rows are numbered when it is first called for rows
 * that begin alike, which those of a trained model seldom do.
 */
function sameRows(matrix: Matrix): (a: number, b: number) => boolean {
  const { cols, data } = matrix;
  let kinds: Int32Array | undefined;
  return (a, b) => {
    if (data[a * cols] !== data[b * cols] || data[a * cols + cols - 1] !== data[b * cols + cols - 1]) return false;
    kinds ??= numberRowKinds(matrix);
    return kinds[a] === kinds[b];
  };
}

/** Options of `retrievalRanks`. */
export interface RetrievalRanksOptions {
  /**
   * Backend that computes the scores in blocks. Without a backend, or for small galleries, plain JavaScript is used.
   */
  readonly backend?: Backend | undefined;
  /**
   * Row of `texts` for each text, if texts that read the same share a row. Such a row then has several right images.
   */
  readonly rowOfText?: Int32Array | undefined;
}

/**
 * Computes ranks in both directions without holding the full score matrix. A negative that scores the same as the best
 * positive is ranked before it (pessimistic), so that constant embeddings rank last.
 *
 * The ranks equal those of scores summed in 64 bits, on every backend. A backend's 32-bit score decides only if it
 * differs from the positive's score by more than its rounding error can be. Otherwise, the score is summed again in 64
 * bits.
 *
 * @param images `[N, D]`, unit rows.
 * @param texts `[M, D]`, unit rows.
 * @param imageOfText index of the image that each text describes. An image may have several texts.
 * @throws MedbenchError if sizes disagree or an image index is out of range.
 */
export async function retrievalRanks(
  images: Matrix,
  texts: Matrix,
  imageOfText: Int32Array,
  options: RetrievalRanksOptions = {},
): Promise<RetrievalRanks> {
  const N = images.rows;
  const M = texts.rows;
  const D = images.cols;
  const rowOfText = options.rowOfText ?? Int32Array.from({ length: M }, (_, t) => t);
  if (texts.cols !== D || imageOfText.length !== rowOfText.length || imageOfText.some((i) => i < 0 || i >= N)) {
    throw new MedbenchError('evaluation', `${M} texts of width ${texts.cols} do not match ${N} images of width ${D}`);
  }
  const product = new Float64Array(1);
  const exact = (i: number, t: number): number => {
    innerProducts(images.data, i, 1, texts.data, t, 1, D, product);
    return product[0]!;
  };
  // The best right text of each image, and the best right image of each row of texts.
  const bestText = new Int32Array(N).fill(-1);
  const bestImage = new Int32Array(M).fill(-1);
  const bestTextScore = new Float64Array(N).fill(Number.POSITIVE_INFINITY);
  const bestImageScore = new Float64Array(M).fill(Number.POSITIVE_INFINITY);
  const positives = new Set<number>();
  rowOfText.forEach((t, index) => {
    const i = imageOfText[index]!;
    const score = exact(i, t);
    positives.add(i * M + t);
    if (bestText[i] === -1 || score > bestTextScore[i]!) [bestText[i], bestTextScore[i]] = [t, score];
    if (bestImage[t] === -1 || score > bestImageScore[t]!) [bestImage[t], bestImageScore[t]] = [i, score];
  });
  const sameImage = sameRows(images);
  const sameText = sameRows(texts);
  const imageToText = Int32Array.from(bestText, (text) => (text < 0 ? 0 : 1));
  const textToImage = new Int32Array(M).fill(1);

  const blocks = await scoreBlocks(images, texts, options.backend);
  try {
    const counter = new BlockCounter(bestTextScore, bestImageScore, blocks.margin);
    const near: NearScore = (i, t, nearRow, nearCol) => {
      if (positives.has(i * M + t)) return;
      // Equal rows have equal scores, so ties of a collapsed model are found without summing.
      const tiesRow = sameText(t, bestText[i]!);
      const tiesCol = sameImage(i, bestImage[t]!);
      const score = (nearRow && !tiesRow) || (nearCol && !tiesCol) ? exact(i, t) : 0;
      if (nearRow && (tiesRow || score >= bestTextScore[i]!)) imageToText[i]!++;
      if (nearCol && (tiesCol || score >= bestImageScore[t]!)) textToImage[t]!++;
    };
    for await (const block of blocks) counter.count(block, imageToText, textToImage, near);
  } finally {
    await blocks.close();
  }
  return { imageToText, textToImage: rowOfText.map((t) => textToImage[t]!) };
}
