import { type Backend, type Matrix, MedbenchError, threadCount } from '@medbench/core';
import { innerProducts } from '../numerics/linear-algebra.js';
import { countOnThreads } from './rank-threads.js';
import { BLOCK, scoreBlocks, splitRange } from './score-blocks.js';
import { countWrongAnswers, type RankProblem, type WrongAnswers } from './wrong-answers.js';

/** Number of multiply-adds from which threads save more time than they take to start. */
const THREADED_OPERATIONS = 1e11;

/** Rank of the best positive of each query. 1 is best; an image without a text has 0. */
export interface RetrievalRanks {
  readonly imageToText: Int32Array;
  readonly textToImage: Int32Array;
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
  /**
   * Number of threads that compute a large problem. The ranks do not depend on it. Default `threadCount()`. A problem that
   * is not large, or a backend without `module`, is computed by one session on the calling thread, which has as many
   * threads; its default is the backend's.
   */
  readonly threads?: number;
  /** Number of multiply-adds from which more than one thread computes. Default 1e11. */
  readonly threadsFrom?: number;
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
 * @throws MedbenchError if sizes disagree, an image index is out of range or a thread fails.
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
  rowOfText.forEach((t, index) => {
    const i = imageOfText[index]!;
    const score = exact(i, t);
    if (bestText[i] === -1 || score > bestTextScore[i]!) [bestText[i], bestTextScore[i]] = [t, score];
    if (bestImage[t] === -1 || score > bestImageScore[t]!) [bestImage[t], bestImageScore[t]] = [i, score];
  });
  const problem = { images, texts, imageOfText, rowOfText, bestText, bestTextScore, bestImage, bestImageScore };
  const wrong = (await countOnManyThreads(problem, options)) ?? (await countOnThisThread(problem, options));
  return {
    imageToText: wrong.ofImages.map((count, i) => (bestText[i]! < 0 ? 0 : 1 + count)),
    textToImage: rowOfText.map((t) => 1 + wrong.ofTexts[t]!),
  };
}

/** @returns undefined if threads cannot serve the problem, or one thread is enough. */
async function countOnManyThreads(
  problem: RankProblem,
  { backend, threads = threadCount(), threadsFrom = THREADED_OPERATIONS }: RetrievalRanksOptions,
): Promise<WrongAnswers | undefined> {
  const { images, texts } = problem;
  if (!backend?.module || threads < 2 || images.rows * texts.rows * images.cols < threadsFrom) return undefined;
  return countOnThreads(problem, backend.module, threads);
}

async function countOnThisThread(
  problem: RankProblem,
  { backend, threads }: RetrievalRanksOptions,
): Promise<WrongAnswers> {
  const { images, texts } = problem;
  const wrong = { ofImages: new Int32Array(images.rows), ofTexts: new Int32Array(texts.rows) };
  const scores = await scoreBlocks(images, texts, { backend, threads });
  try {
    await countWrongAnswers(problem, scores, splitRange({ from: 0, count: images.rows }, BLOCK), wrong);
  } finally {
    await scores.close();
  }
  return wrong;
}
