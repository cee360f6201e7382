import type { ParameterSpec } from '@medbench/core';
import { patchify, patchMatrix, uniform } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Width of an attention head. */
export const HEAD = 64;

/**
 * Selects the patches that enter the tower, with their position embeddings: all patches, or those whose indices are in
 * `kept`. The other patches are dropped before they are embedded, so they cost nothing.
 * @param patches `[B, P, n]`. @param positions `[P, W]`. @param kept `[B, K]` int32.
 * @returns `[B, K, n]`, and `[B, K, W]` or `[P, W]`.
 */
function selectPatches(
  patches: tf.Tensor3D,
  positions: tf.Tensor2D,
  kept: tf.Tensor2D | undefined,
): { readonly patches: tf.Tensor3D; readonly positions: tf.Tensor } {
  if (!kept) return { patches, positions };
  const [batch, count, size] = patches.shape;
  const [, keptCount] = kept.shape;
  const starts = tf.reshape(tf.range(0, batch * count, count, 'int32'), [batch, 1]);
  const rows = tf.reshape(tf.add(kept, starts), [batch * keptCount]) as tf.Tensor1D;
  const flat = tf.reshape(patches, [batch * count, size]);
  return {
    patches: tf.reshape(tf.gather(flat, rows), [batch, keptCount, size]) as tf.Tensor3D,
    positions: tf.reshape(tf.gather(positions, tf.reshape(kept, [batch * keptCount])), [
      batch,
      keptCount,
      positions.shape[1],
    ]),
  };
}

/** Options of `embedPatches`. */
export interface PatchEmbedding {
  readonly patchSize: number;
  /** The convolution, `[W, 3, p, p]`, and its bias, `[W]`. */
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor | undefined;
  /** Position embeddings of all patches, `[P, W]`. */
  readonly positions: tf.Tensor2D;
  /** Indices of the patches to keep, `[B, K]` int32. Default: all. */
  readonly kept?: tf.Tensor2D | undefined;
}

/**
 * Patches of images `[B, H, W, 3]`, embedded by a convolution whose stride is its size, and placed: `[B, P, W]`, or `[B,
 * K, W]` if patches are dropped.
 */
export function embedPatches(
  images: tf.Tensor4D,
  { patchSize, weight, bias, positions: table, kept }: PatchEmbedding,
): tf.Tensor3D {
  const { patches, positions } = selectPatches(patchify(images, patchSize), table, kept);
  const [batch, count, size] = patches.shape;
  const flat = tf.reshape(patches, [batch * count, size]) as tf.Tensor2D;
  const rows = tf.matMul(flat, patchMatrix(weight), false, true);
  const embedded = tf.reshape(bias ? tf.add(rows, bias) : rows, [batch, count, weight.shape[0]!]);
  return tf.add(embedded, positions) as tf.Tensor3D;
}

/** Puts a class token `[W]`, placed, before the patches: `[B, 1 + P, W]`. */
export function prependClassToken(token: tf.Tensor, position: tf.Tensor, patches: tf.Tensor3D): tf.Tensor3D {
  const [batch, , width] = patches.shape;
  const placed = tf.add(tf.reshape(token, [1, 1, width]), tf.reshape(position, [1, 1, width]));
  return tf.concat([tf.tile(placed, [batch, 1, 1]), patches], 1) as tf.Tensor3D;
}

/** The first token of each example: `[B, T, W]` to `[B, W]`. */
export function firstToken(tokens: tf.Tensor3D): tf.Tensor2D {
  const [batch, , width] = tokens.shape;
  return tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, width]), [batch, width]);
}

/** All tokens but the first: `[B, T, W]` to `[B, T - 1, W]`. */
export function otherTokens(tokens: tf.Tensor3D): tf.Tensor3D {
  const [batch, length, width] = tokens.shape;
  return tf.slice(tokens, [0, 1, 0], [batch, length - 1, width]);
}

/** Weights of the patch convolution start as in PyTorch, the framework of the originals: uniform in 1 / sqrt(fan in). */
export const patchInit = (patchSize: number): ParameterSpec['init'] => uniform((3 * patchSize ** 2) ** -0.5);

/**
 * Number of patches of an image.
 * @throws RangeError if the patches do not divide the image, or the heads the width.
 */
export function countPatches({
  id,
  imageSize,
  patchSize,
  width,
}: {
  readonly id: string;
  readonly imageSize: number;
  readonly patchSize: number;
  readonly width: number;
}): number {
  if (imageSize % patchSize !== 0 || width % HEAD !== 0) {
    throw new RangeError(
      `${id}: ${imageSize} pixels do not divide into patches of ${patchSize}, or the width ${width} into attention heads`,
    );
  }
  return (imageSize / patchSize) ** 2;
}
