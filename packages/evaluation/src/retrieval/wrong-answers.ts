import { createHash } from 'node:crypto';
import type { Matrix } from '@medbench/core';
import { innerProducts } from '../numerics/linear-algebra.js';
import { BlockCounter, type NearScore } from './block-counter.js';
import type { IndexRange, ScoreBlocks } from './score-blocks.js';

/** Images, texts and their best right answers. The arrays may be shared between threads, which only read them. */
export interface RankProblem {
  /** Unit rows, `[N, D]`. */
  readonly images: Matrix;
  /** Unit rows, `[M, D]`. */
  readonly texts: Matrix;
  /** Image and row of texts of each text: the right pairs. */
  readonly imageOfText: Int32Array;
  readonly rowOfText: Int32Array;
  /** Best right row of texts of each image, -1 for none, and its score in 64 bits, Infinity for none. */
  readonly bestText: Int32Array;
  readonly bestTextScore: Float64Array;
  /** Best right image of each row of texts, and its score. */
  readonly bestImage: Int32Array;
  readonly bestImageScore: Float64Array;
}

/** Number of wrong answers that score at least as high as the best right one. */
export interface WrongAnswers {
  /** For each image, `[N]`. */
  readonly ofImages: Int32Array;
  /** For each row of texts, `[M]`. */
  readonly ofTexts: Int32Array;
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

/**
 * Counts the wrong answers among the scores of some images with all texts, and adds them to counts. Scores that 32 bits
 * do not decide are summed in 64 bits, so the counts do not depend on how the images are divided.
 * @param scores scores of the problem's images and texts. @param ranges the images.
 */
export async function countWrongAnswers(
  problem: RankProblem,
  scores: ScoreBlocks,
  ranges: Iterable<IndexRange>,
  { ofImages, ofTexts }: WrongAnswers,
): Promise<void> {
  const { images, texts, imageOfText, rowOfText, bestText, bestTextScore, bestImage, bestImageScore } = problem;
  const positives = new Set<number>();
  rowOfText.forEach((t, index) => positives.add(imageOfText[index]! * texts.rows + t));
  const product = new Float64Array(1);
  const sameImage = sameRows(images);
  const sameText = sameRows(texts);
  const counter = new BlockCounter(bestTextScore, bestImageScore, scores.margin);
  const near: NearScore = (i, t, nearRow, nearCol) => {
    if (positives.has(i * texts.rows + t)) return;
    // Equal rows have equal scores, so ties of a collapsed model are found without summing.
    const tiesRow = sameText(t, bestText[i]!);
    const tiesCol = sameImage(i, bestImage[t]!);
    if ((nearRow && !tiesRow) || (nearCol && !tiesCol)) {
      innerProducts(images.data, i, 1, texts.data, t, 1, images.cols, product);
    }
    if (nearRow && (tiesRow || product[0]! >= bestTextScore[i]!)) ofImages[i]!++;
    if (nearCol && (tiesCol || product[0]! >= bestImageScore[t]!)) ofTexts[t]!++;
  };
  for (const range of ranges) {
    for await (const block of scores.blocks(range)) counter.count(block, ofImages, ofTexts, near);
  }
}
