import { textMask } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { tokenCrossEntropy } from '../captioning.js';

/** Losses by example, so that the mean over the tokens of the whole batch can be taken at the end. */
export type TokenLosses = {
  /** Sum of the losses of an example's tokens, `[B]`. */
  readonly loss: tf.Tensor;
  /** Number of an example's tokens, `[B]`. */
  readonly count: tf.Tensor;
};

/**
 * Cross-entropy of the labels that count, by example.
 * @param logits `[B, T, V]`. @param labels `[B, T]` int32. @param mask `[B, T]` float32, 1 where a label counts.
 */
export function labelLosses(logits: tf.Tensor3D, labels: tf.Tensor2D, mask: tf.Tensor2D): TokenLosses {
  return { loss: tf.sum(tf.mul(tokenCrossEntropy(logits, labels), mask), 1), count: tf.sum(mask, 1) };
}

/**
 * Cross-entropy of the next tokens. The first label is the first word.
 * @param logits `[B, T - 1, V]`. @param ids `[B, T]`.
 */
export function tokenLosses(logits: tf.Tensor3D, ids: tf.Tensor2D): TokenLosses {
  const [count, length] = ids.shape;
  const labels = tf.slice(ids, [0, 1], [count, length - 1]);
  const mask = tf.slice(textMask(ids, { start: false }), [0, 1], [count, length - 1]) as tf.Tensor2D;
  return labelLosses(logits, labels, mask);
}

/** Mean loss over the tokens of the whole batch; 0, not NaN, if there are none. */
export function meanOverTokens({ loss, count }: TokenLosses): tf.Scalar {
  const tokens = tf.maximum(tf.sum(count), 1);
  return tf.div(tf.sum(loss), tokens);
}
