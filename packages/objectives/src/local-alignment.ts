import * as tf from '@tensorflow/tfjs-core';
import { diagonalCrossEntropy } from './info-nce.js';
import { normalise } from './normalise.js';

/** Added to logits that must not count. */
const EXCLUDED = -1e9;

export interface GloriaOptions {
  /** T1: sharpens the attention over regions. */
  readonly attention?: number;
  /** T2: sharpens the sum over words. */
  readonly words?: number;
  /** T3: multiplies the matching scores in the cross-entropy. */
  readonly scale?: number;
}

/** The matching scores, and the two cross-entropies whose sum is the loss. */
export interface GloriaTerms {
  /** The matching score m[i, j] of image i and text j, `[B, B]`. */
  readonly match: tf.Tensor2D;
  readonly loss: tf.Scalar;
  readonly imageToText: tf.Scalar;
  readonly textToImage: tf.Scalar;
}

/** Square root, of 1e-24 at least: a norm that can be divided by. */
const root = (square: tf.Tensor): tf.Tensor => tf.sqrt(tf.maximum(square, 1e-24));

/**
 * The matching scores m[i, j] for one text j: each of its words attends to the regions of every image. The context c of
 * a word w is a weighted mean of regions, so that w·c is the mean of their products with w, and c·c follows from the
 * products of the regions. With few regions, that costs a small part of making c.
 * @param gram products of the regions of each image, `[B, P, P]`.
 */
function matchText(
  image: tf.Tensor3D,
  gram: tf.Tensor3D,
  words: tf.Tensor2D,
  mask: tf.Tensor1D,
  attention: number,
  sharpness: number,
): tf.Tensor1D {
  const [rows, regions, width] = image.shape;
  const length = words.shape[0];
  const flat = tf.matMul(tf.reshape(image, [rows * regions, width]) as tf.Tensor2D, words, false, true);
  const raw = tf.reshape(flat, [rows, regions, length]);
  const hidden = tf.mul(tf.sub(1, mask), EXCLUDED);
  const overWords = tf.softmax(tf.add(raw, hidden));
  const overRegions = tf.softmax(tf.mul(tf.transpose(overWords, [0, 2, 1]), attention));
  const product = tf.sum(tf.mul(overRegions, tf.transpose(raw, [0, 2, 1])), 2);
  const square = tf.sum(tf.mul(overRegions, tf.matMul(overRegions, gram)), 2);
  const norms = tf.mul(root(square), tf.reshape(root(tf.sum(tf.square(words), 1)), [1, length]));
  const cosine = tf.div(product, norms);
  return tf.logSumExp(tf.add(tf.mul(cosine, sharpness), hidden), 1) as tf.Tensor1D;
}

/**
 * GLoRIA's local alignment (Huang et al., ICCV 2021, equations 2 to 6; T1 = 4, T2 = 5, T3 = 10). Tokens are not
 * normalised before the attention.
 * @param image `[B, P, e]`. @param text `[B, L, e]`. @param mask `[B, L]`, 1 for a real word.
 */
export function gloriaTerms(
  image: tf.Tensor3D,
  text: tf.Tensor3D,
  mask: tf.Tensor2D,
  { attention = 4, words = 5, scale = 10 }: GloriaOptions = {},
): GloriaTerms {
  const gram = tf.matMul(image, image, false, true) as tf.Tensor3D;
  const texts = tf.unstack(text, 0) as tf.Tensor2D[];
  const masks = tf.unstack(mask, 0) as tf.Tensor1D[];
  const match = tf.stack(
    texts.map((textTokens, j) => matchText(image, gram, textTokens, masks[j]!, attention, words)),
    1,
  ) as tf.Tensor2D;
  const logits = tf.mul(match, scale) as tf.Tensor2D;
  const imageToText = diagonalCrossEntropy(logits);
  const textToImage = diagonalCrossEntropy(tf.transpose(logits));
  return { match, loss: tf.add(imageToText, textToImage), imageToText, textToImage };
}

/**
 * The fine-grained part of SPARC (arXiv:2401.09865, section 3.2): within each pair, every word is grouped with the
 * regions most similar to it (similarities scaled to [0, 1] per word, those below 1/P dropped, the rest normalised).
 * Each group must match its word among the words of the same caption, and each word its group. Mean over words, then
 * over the batch, then over both directions.
 * @param image `[B, P, e]`, unit tokens. @param text `[B, L, e]`, unit tokens. @param mask `[B, L]`.
 */
export function sparcFineLoss(image: tf.Tensor3D, text: tf.Tensor3D, mask: tf.Tensor2D, scale: tf.Tensor): tf.Scalar {
  const [size, length] = mask.shape;
  const regions = image.shape[1];
  const similarity = tf.matMul(text, image, false, true);
  const low = tf.min(similarity, 2, true);
  const high = tf.max(similarity, 2, true);
  const unit = tf.div(tf.sub(similarity, low), tf.maximum(tf.sub(high, low), 1e-12));
  const kept = tf.mul(unit, tf.cast(tf.greaterEqual(unit, 1 / regions), 'float32'));
  const weights = tf.div(kept, tf.maximum(tf.sum(kept, 2, true), 1e-12));
  const grouped = normalise(tf.matMul(weights, image) as tf.Tensor3D);
  const logits = tf.mul(tf.matMul(grouped, text, false, true), scale);
  const hidden = tf.mul(tf.sub(1, tf.reshape(mask, [size, 1, length])), EXCLUDED);
  const direction = (oneWay: tf.Tensor): tf.Tensor => {
    const matching = tf.mul(tf.logSoftmax(tf.add(oneWay, hidden)), tf.eye(length));
    return tf.div(tf.sum(tf.mul(tf.neg(tf.sum(matching, 2)), mask), 1), tf.maximum(tf.sum(mask, 1), 1));
  };
  const bothWays = tf.add(direction(logits), direction(tf.transpose(logits, [0, 2, 1])));
  return tf.mul(tf.mean(bothWays), 0.5) as tf.Scalar;
}
