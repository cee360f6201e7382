import type { TensorMap } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { scaledDotProduct } from './attention.js';
import { layerNorm, linear } from './layers.js';
import { dropLastToken, mlp, splitJoint, type TransformerOptions, transformer } from './transformer.js';

/** Selects one token of each example. */
export interface PooledToken {
  /** Takes the token out of `[B, T, W]`: `[B, W]`. The function must be linear. */
  readonly select: (x: tf.Tensor3D) => tf.Tensor2D;
  /** Added to the attention logits of the token, `[B, T]`. */
  readonly mask?: tf.Tensor2D;
}

/** The output of a transformer. Each part is computed when it is first read. */
export interface TransformerOutput {
  /** All tokens, `[B, T, W]`; without the appended token, if there is one. */
  tokens(): tf.Tensor3D;
  /** One token of each example, `[B, W]`. */
  pooled(): tf.Tensor2D;
}

/** Wraps a computation so that it runs at the first call only. Later calls return the same value. */
export function once<T>(compute: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}

/**
 * The last block of a transformer, for all tokens or for one token of each example. The one token attends to all
 * tokens, but needs a query, projection and feed-forward layer only for itself. `x` `[B, T, W]`, parameters as for
 * `block`.
 */
function lastBlock(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  token: PooledToken,
  { heads, mask, causal, activation, epsilon, appended }: TransformerOptions,
): TransformerOutput {
  const parameter = (name: string): tf.Tensor => parameters[prefix + name]!;
  const [batch, length, width] = x.shape;
  const feedForward = { ...(activation ? { activation } : {}), epsilon };
  const shared = once(() => {
    const normed = layerNorm(x, parameter('ln_1.weight'), parameter('ln_1.bias'), epsilon);
    const [queryWeight, keyValueWeight] = tf.split(parameter('attn.in_proj_weight'), [width, 2 * width]) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const [queryBias, keyValueBias] = tf.split(parameter('attn.in_proj_bias'), [width, 2 * width]) as [
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const [k, v] = splitJoint(linear(normed, keyValueWeight, keyValueBias), 2) as [tf.Tensor3D, tf.Tensor3D];
    return { normed, k, v, projectQueries: <T extends tf.Tensor>(rows: T): T => linear(rows, queryWeight, queryBias) };
  });
  /** Applies the part of the block after the attention. `rows` and `mixed` `[..., W]`. */
  const finish = <T extends tf.Tensor>(rows: T, mixed: tf.Tensor): T => {
    const hidden = tf.add(rows, linear(mixed, parameter('attn.out_proj.weight'), parameter('attn.out_proj.bias'))) as T;
    return tf.add(hidden, mlp(parameters, prefix, hidden, feedForward)) as T;
  };
  return {
    tokens: once(() => {
      const { normed, k, v, projectQueries } = shared();
      const own = appended ? dropLastToken : (rows: tf.Tensor3D) => rows;
      return finish(own(x), scaledDotProduct(projectQueries(own(normed)), own(k), own(v), { heads, mask, causal }));
    }),
    pooled: once(() => {
      const { normed, k, v, projectQueries } = shared();
      const q = tf.reshape(projectQueries(token.select(normed)), [batch, 1, width]) as tf.Tensor3D;
      const tokenMask = token.mask && tf.reshape(token.mask, [batch, 1, 1, length]);
      const mixed = scaledDotProduct(q, k, v, { heads, mask: tokenMask });
      return finish(token.select(x), tf.reshape(mixed, [batch, width]));
    }),
  };
}

/**
 * `transformer` with a choice of outputs: one token of each example, all tokens, or both. Each output is computed when
 * it is first read. That saves work in the last block, which is a twelfth of a large model and half of a small one:
 * contrastive losses need only one token of it.
 * @param x `[B, T, W]`.
 */
export function pooledTransformer(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  token: PooledToken,
  options: TransformerOptions,
): TransformerOutput {
  const layers = options.layers - 1;
  const below = transformer(parameters, prefix, x, { ...options, layers });
  return lastBlock(parameters, `${prefix}resblocks.${layers}.`, below, token, options);
}
