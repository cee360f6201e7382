import * as tf from '@tensorflow/tfjs-core';
import { infoNceTerms } from './info-nce.js';

/** The parts of the unimodal image loss. */
export interface UnimodalImageTerms {
  /** Mean of the two parts, which is the mean of four cross-entropies. */
  readonly loss: tf.Scalar;
  /** Symmetric InfoNCE of the first view and the text. */
  readonly imageText: tf.Scalar;
  /** Symmetric InfoNCE of the two views. */
  readonly imageImage: tf.Scalar;
}

/**
 * CLIP with a second view of each image (the study of arXiv:2406.07450, from its code):
 * L = ¼ [CE(s u₁ wᵀ) + CE(s w u₁ᵀ) + CE(s u₁ u₂ᵀ) + CE(s u₂ u₁ᵀ)]. The second view never meets the text, and other
 * images of the same view are no negatives.
 * @param first `[B, d]`, unit rows: the view that meets the text. @param second `[B, d]`, unit rows.
 * @param text `[B, d]`, unit rows. @param scale the logit scale exp(a), a scalar, for all four.
 */
export function unimodalImageTerms(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  text: tf.Tensor2D,
  scale: tf.Tensor,
): UnimodalImageTerms {
  const imageText = infoNceTerms(first, text, scale).loss;
  const imageImage = infoNceTerms(first, second, scale).loss;
  return { loss: tf.mul(tf.add(imageText, imageImage), 0.5) as tf.Scalar, imageText, imageImage };
}

/** How a batch is divided over processes and micro-batches: B = ranks · accumulation · micro. */
export interface BatchDivision {
  /** Processes, each with B / ranks consecutive rows. */
  readonly ranks: number;
  /** Micro-batches of a process. */
  readonly accumulation: number;
  /** Pairs of a micro-batch. */
  readonly micro: number;
}

/**
 * The two views of a batch in the order in which the study of arXiv:2406.07450 compared them, by its code as committed
 * (10 June 2024); whether its runs had this code cannot be known. Each process lists the views of its micro-batches,
 * v1(0) v2(0) v1(1) v2(1) …, and cuts the list in two halves, which stand for the first and the second view. With one
 * micro-batch these are the views themselves. With four, a quarter of the images meet their own text and none meets its
 * own second view.
 * @param first `[B, d]`. @param second `[B, d]`. @returns the two halves of all processes, both `[B, d]`.
 * @throws RangeError if the division does not give B.
 */
export function viewsAsTrained(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  { ranks, accumulation, micro }: BatchDivision,
): readonly [tf.Tensor2D, tf.Tensor2D] {
  const [size, width] = first.shape;
  if (ranks * accumulation * micro !== size) {
    throw new RangeError(`${ranks} ranks of ${accumulation} micro-batches of ${micro} pairs are no batch of ${size}`);
  }
  const microBatches = [ranks * accumulation, micro * width] as const;
  const listed = tf.concat([tf.reshape(first, [...microBatches]), tf.reshape(second, [...microBatches])], 1);
  const half = (size / ranks) * width;
  const [before, after] = tf.split(tf.reshape(listed, [ranks, 2 * half]), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  return [tf.reshape(before, [size, width]), tf.reshape(after, [size, width])];
}
