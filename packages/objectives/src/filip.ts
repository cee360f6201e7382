import * as tf from '@tensorflow/tfjs-core';
import { diagonalCrossEntropy } from './info-nce.js';

/** Added to similarities that a maximum must not select. */
const EXCLUDED = -1e9;

/** `similarity[i, j, p, l]` = image i's token p · text j's token l, `[B, B, P, L]`. */
function tokenSimilarity(image: tf.Tensor3D, text: tf.Tensor3D): tf.Tensor4D {
  const [rows, patches, width] = image.shape;
  const [cols, length] = text.shape;
  const product = tf.matMul(
    tf.reshape(image, [rows * patches, width]) as tf.Tensor2D,
    tf.reshape(text, [cols * length, width]) as tf.Tensor2D,
    false,
    true,
  );
  return tf.transpose(tf.reshape(product, [rows, patches, cols, length]), [0, 2, 1, 3]);
}

/** The two matrices of token-wise similarity, `[B, B]`, images in rows. */
export interface TokenwiseSimilarity {
  /** Similarity of each image token to its best text token, mean over the image tokens. */
  readonly imageToText: tf.Tensor2D;
  /** Similarity of each text token to its best image token, mean over the text's real tokens. */
  readonly textToImage: tf.Tensor2D;
}

/**
 * Token-wise maximum similarity (FILIP, arXiv:2111.07783, equations 3 to 5). Padding enters neither maximum nor mean.
 * @param image `[B, P, e]`, unit tokens. @param text `[B, L, e]`, unit tokens.
 * @param mask `[B, L]`, 1 for a real token.
 */
export function tokenwiseSimilarity(image: tf.Tensor3D, text: tf.Tensor3D, mask: tf.Tensor2D): TokenwiseSimilarity {
  const similarity = tokenSimilarity(image, text);
  const [cols, length] = mask.shape;
  const real = tf.reshape(mask, [1, cols, 1, length]);
  const masked = tf.add(similarity, tf.mul(tf.sub(1, real), EXCLUDED));
  const imageToText = tf.mean(tf.max(masked, 3), 2) as tf.Tensor2D;
  const best = tf.mul(tf.max(similarity, 2), tf.reshape(mask, [1, cols, length]));
  const textToImage = tf.div(tf.sum(best, 2), tf.maximum(tf.reshape(tf.sum(mask, 1), [1, cols]), 1)) as tf.Tensor2D;
  return { imageToText, textToImage };
}

/** The parts of the token-wise loss. */
export interface FilipTerms {
  readonly loss: tf.Scalar;
  readonly imageToText: tf.Scalar;
  readonly textToImage: tf.Scalar;
}

/** Mean of the two directions of token-wise contrast (FILIP, equation 2); see `tokenwiseSimilarity` for the shapes. */
export function filipTerms(image: tf.Tensor3D, text: tf.Tensor3D, mask: tf.Tensor2D, scale: tf.Tensor): FilipTerms {
  const similarity = tokenwiseSimilarity(image, text, mask);
  const imageToText = diagonalCrossEntropy(tf.mul(similarity.imageToText, scale) as tf.Tensor2D);
  const textToImage = diagonalCrossEntropy(tf.transpose(tf.mul(similarity.textToImage, scale) as tf.Tensor2D));
  return { loss: tf.mul(tf.add(imageToText, textToImage), 0.5) as tf.Scalar, imageToText, textToImage };
}

/** The loss of `filipTerms` alone. */
export function filipLoss(image: tf.Tensor3D, text: tf.Tensor3D, mask: tf.Tensor2D, scale: tf.Tensor): tf.Scalar {
  return filipTerms(image, text, mask, scale).loss;
}

/** Which texts the tokens of an image are compared with: those of all pairs, or that of its own pair only. */
export type TokenPairs = 'all' | 'own';

/** Mean over the real tokens of a text. @param values `[..., T]`. @param mask broadcasts with it. */
const meanOverReal = (values: tf.Tensor, mask: tf.Tensor): tf.Tensor =>
  tf.div(tf.sum(tf.mul(values, mask), -1), tf.maximum(tf.sum(mask, -1), 1));

/**
 * The two matrices of token-wise similarity as the study of arXiv:2406.07450 has them, both `[B, B]` with texts in rows.
 * With `pairs: 'all'`, entry [x, y] compares text x with image y. With `pairs: 'own'`, as committed in its code (whether
 * its runs had this code cannot be known), entry [x, y] compares pair y with itself, under the mask of text x: no image
 * meets the text of another pair.
 * @param image `[B, P, e]`, unit tokens. @param text `[B, T, e]`, unit tokens. @param mask `[B, T]`, 1 for a real token.
 */
export function tokenwiseByText(
  image: tf.Tensor3D,
  text: tf.Tensor3D,
  mask: tf.Tensor2D,
  pairs: TokenPairs,
): TokenwiseSimilarity {
  const [size, patches, width] = image.shape;
  const length = text.shape[1];
  if (pairs === 'own') {
    const similarity = tf.matMul(text, image, false, true);
    const real = tf.reshape(mask, [size, 1, length]);
    const excluded = tf.reshape(tf.mul(tf.sub(1, mask), EXCLUDED), [size, 1, length, 1]);
    const best = tf.max(tf.add(tf.reshape(similarity, [1, size, length, patches]), excluded), 2);
    return {
      imageToText: tf.mean(best, 2) as tf.Tensor2D,
      textToImage: meanOverReal(tf.reshape(tf.max(similarity, 2), [1, size, length]), real) as tf.Tensor2D,
    };
  }
  const product = tf.matMul(
    tf.reshape(text, [size * length, width]) as tf.Tensor2D,
    tf.reshape(image, [size * patches, width]) as tf.Tensor2D,
    false,
    true,
  );
  const similarity = tf.reshape(product, [size, length, size, patches]);
  const excluded = tf.reshape(tf.mul(tf.sub(1, mask), EXCLUDED), [size, length, 1, 1]);
  const bestPatch = tf.transpose(tf.max(similarity, 3), [0, 2, 1]);
  return {
    imageToText: tf.mean(tf.max(tf.add(similarity, excluded), 1), 2) as tf.Tensor2D,
    textToImage: meanOverReal(bestPatch, tf.reshape(mask, [size, 1, length])) as tf.Tensor2D,
  };
}

/**
 * Mean of two cross-entropies over the rows of `tokenwiseByText`, as in the study of arXiv:2406.07450: both ask which
 * image belongs to a text. FILIP itself asks the image-to-text one over images (`filipTerms`).
 * @param scale the logit scale exp(a), a scalar.
 */
export function filipByTextTerms(
  image: tf.Tensor3D,
  text: tf.Tensor3D,
  mask: tf.Tensor2D,
  scale: tf.Tensor,
  pairs: TokenPairs = 'all',
): FilipTerms {
  const similarity = tokenwiseByText(image, text, mask, pairs);
  const imageToText = diagonalCrossEntropy(tf.mul(similarity.imageToText, scale) as tf.Tensor2D);
  const textToImage = diagonalCrossEntropy(tf.mul(similarity.textToImage, scale) as tf.Tensor2D);
  return { loss: tf.mul(tf.add(imageToText, textToImage), 0.5) as tf.Scalar, imageToText, textToImage };
}
