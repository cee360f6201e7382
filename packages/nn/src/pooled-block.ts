import type { TensorMap } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { scaledDotProduct } from './attention.js';
import { layerNorm, linear } from './layers.js';
import { mlp, splitJoint, type TransformerOptions, transformer } from './transformer.js';

/** One token of each example. */
export interface Picked {
  /** Takes it: `[B, T, W]` to `[B, W]`, linear in its argument. */
  readonly from: (x: tf.Tensor3D) => tf.Tensor2D;
  /** What is added to its attention logits, `[B, T]`. */
  readonly mask?: tf.Tensor2D;
}

/** The output of a transformer. */
export interface TransformerOutput {
  /** All tokens, `[B, T, W]`. */
  tokens(): tf.Tensor3D;
  /** One token of each example, `[B, W]`. */
  pooled(): tf.Tensor2D;
}

/** A value that is computed when it is first asked for, and once. */
export function once<T>(compute: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}

/**
 * The last block of a transformer, for all tokens or for one of each example: that one attends to all, but only its own
 * query, projection and feed-forward are needed. `x` `[B, T, W]`, parameters as of `block`.
 */
function lastBlock(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  picked: Picked,
  { heads, mask, causal, activation }: TransformerOptions,
): TransformerOutput {
  const of = (name: string): tf.Tensor => parameters[prefix + name]!;
  const [batch, length, width] = x.shape;
  const shared = once(() => {
    const normed = layerNorm(x, of('ln_1.weight'), of('ln_1.bias'));
    const [query, rest] = tf.split(of('attn.in_proj_weight'), [width, 2 * width]) as [tf.Tensor2D, tf.Tensor2D];
    const [queryBias, restBias] = tf.split(of('attn.in_proj_bias'), [width, 2 * width]) as [tf.Tensor1D, tf.Tensor1D];
    const [k, v] = splitJoint(linear(normed, rest, restBias), 2) as [tf.Tensor3D, tf.Tensor3D];
    return { normed, k, v, queriesOf: <T extends tf.Tensor>(rows: T): T => linear(rows, query, queryBias) };
  });
  /** What follows the attention. `rows` and `mixed` `[..., W]`. */
  const finish = <T extends tf.Tensor>(rows: T, mixed: tf.Tensor): T => {
    const hidden = tf.add(rows, linear(mixed, of('attn.out_proj.weight'), of('attn.out_proj.bias'))) as T;
    return tf.add(hidden, mlp(parameters, prefix, hidden, activation)) as T;
  };
  return {
    tokens: once(() => {
      const { normed, k, v, queriesOf } = shared();
      return finish(x, scaledDotProduct(queriesOf(normed), k, v, { heads, mask, causal }));
    }),
    pooled: once(() => {
      const { normed, k, v, queriesOf } = shared();
      const q = tf.reshape(queriesOf(picked.from(normed)), [batch, 1, width]) as tf.Tensor3D;
      const own = picked.mask && tf.reshape(picked.mask, [batch, 1, 1, length]);
      const mixed = scaledDotProduct(q, k, v, { heads, mask: own });
      return finish(picked.from(x), tf.reshape(mixed, [batch, width]));
    }),
  };
}

/**
 * `transformer`, for whoever wants one token of each example, all of them, or both: each is computed when it is first asked
 * for. The last block is a twelfth of a large model and half of a small one, and contrastive losses need one token of it.
 * @param x `[B, T, W]`.
 */
export function pooledTransformer(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  picked: Picked,
  options: TransformerOptions,
): TransformerOutput {
  const layers = options.layers - 1;
  const below = transformer(parameters, prefix, x, { ...options, layers });
  return lastBlock(parameters, `${prefix}resblocks.${layers}.`, below, picked, options);
}
