import type { TensorMap } from '@medbench/core';
import { linear } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The attention of CLIP's pool, up to its output projection (arXiv:2103.00020, section 2.4). The query is the mean of
 * the grid. Keys and values are the mean and the grid. All have position embeddings.
 * @param grid `[B, P, W]`. @returns `[B, W]`.
 */
export function attentionPool(parameters: TensorMap, grid: tf.Tensor3D, heads: number): tf.Tensor2D {
  const [batch, count, width] = grid.shape;
  const size = width / heads;
  const project = <T extends tf.Tensor>(x: T, name: string): T =>
    linear(x, parameters[`attnpool.${name}.weight`]!, parameters[`attnpool.${name}.bias`]!);
  const meanAndGrid = tf.concat([tf.mean(grid, 1, true), grid], 1);
  const placed = tf.add(meanAndGrid, parameters['attnpool.positional_embedding']!) as tf.Tensor3D;
  const meanToken = tf.reshape(tf.slice(placed, [0, 0, 0], [batch, 1, width]), [batch, width]);
  /** Splits heads: `[B, T, W]` to `[B, heads, T, W / heads]`. */
  const split = (x: tf.Tensor, length: number): tf.Tensor4D =>
    tf.transpose(tf.reshape(x, [batch, length, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D;
  const query = split(project(meanToken, 'q_proj'), 1);
  const keys = split(project(placed, 'k_proj'), count + 1);
  const values = split(project(placed, 'v_proj'), count + 1);
  const logits = tf.mul(tf.matMul(query, keys, false, true), size ** -0.5);
  return tf.reshape(tf.matMul(tf.softmax(logits), values), [batch, width]) as tf.Tensor2D;
}
