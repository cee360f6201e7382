import type { Activation, ParameterSpec, TensorMap, TowerStage } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AttentionOptions, scaledDotProduct } from './attention.js';
import { gelu, layerNorm, linear, quickGelu } from './layers.js';
import { normal, ones, zeros } from './parameters.js';

/** Options of `transformer` and its blocks. */
export interface TransformerOptions {
  readonly layers: number;
  readonly heads: number;
  /** Added to the attention logits, `[T, T]`. */
  readonly mask?: tf.Tensor2D;
  /** Whether `mask` is `causalMask(T)`. */
  readonly causal?: boolean;
  readonly activation?: Activation;
  /** Number that the norms of the blocks add to the variance. Default 1e-5. */
  readonly epsilon?: number | undefined;
  /**
   * Present if the last token is appended to the others: a mask added to its attention logits, `[B, T]`. The tokens
   * before it attend among themselves; `mask` is then `[T - 1, T - 1]`.
   */
  readonly appended?: tf.Tensor2D | undefined;
}

/**
 * Mask `[length, length]`: 0 on and below the diagonal, -1e9 above. A token attends to itself and the tokens before it.
 */
export function causalMask(length: number): tf.Tensor2D {
  const values = new Float32Array(length * length);
  for (let row = 0; row < length; row++) values.fill(-1e9, row * length + row + 1, (row + 1) * length);
  return tf.tensor2d(values, [length, length]);
}

/** Self-attention with one joint matrix for queries, keys and values (rows q | k | v). `x` `[B, T, W]`. */
function attention(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  { heads, mask, causal, appended }: Omit<TransformerOptions, 'layers'>,
): tf.Tensor3D {
  const joint = linear(x, parameters[`${prefix}in_proj_weight`]!, parameters[`${prefix}in_proj_bias`]!);
  const [q, k, v] = splitJoint(joint, 3) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const mixed = appended
    ? appendedAttention(q, k, v, appended, { heads, mask, causal })
    : scaledDotProduct(q, k, v, { heads, mask, causal });
  return linear(mixed, parameters[`${prefix}out_proj.weight`]!, parameters[`${prefix}out_proj.bias`]!);
}

/**
 * Attention of T tokens of which the last is appended. It is computed in two parts, because the mask of the appended
 * token differs between examples and that of the others does not.
 */
function appendedAttention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  appended: tf.Tensor2D,
  options: AttentionOptions,
): tf.Tensor3D {
  const [batch, length, width] = q.shape;
  const others = scaledDotProduct(dropLastToken(q), dropLastToken(k), dropLastToken(v), options);
  const last = tf.slice(q, [0, length - 1, 0], [batch, 1, width]);
  const mask = tf.reshape(appended, [batch, 1, 1, length]);
  return tf.concat([others, scaledDotProduct(last, k, v, { heads: options.heads, mask })], 1);
}

/** All tokens but the last. @param tokens `[B, T, W]`. @returns `[B, T - 1, W]`. */
export function dropLastToken(tokens: tf.Tensor3D): tf.Tensor3D {
  const [count, length, width] = tokens.shape;
  return tf.slice(tokens, [0, 0, 0], [count, length - 1, width]);
}

/** Splits a joint projection `[B, T, count W]` into `count` parts `[B, T, W]`. */
export function splitJoint(joint: tf.Tensor3D, count: number): tf.Tensor3D[] {
  const [batch, length, width] = joint.shape;
  const flat = tf.reshape(joint, [batch * length, width]);
  return tf.split(flat, count, 1).map((part) => tf.reshape(part, [batch, length, width / count]));
}

/**
 * Pre-LN transformer. Parameters are named `<prefix>resblocks.<i>.…`, as in open_clip. `x` and the result `[B, T, W]`.
 */
export function transformer(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  options: TransformerOptions,
): tf.Tensor3D {
  let hidden = x;
  for (let i = 0; i < options.layers; i++) hidden = block(parameters, `${prefix}resblocks.${i}.`, hidden, options);
  return hidden;
}

/** One block of `transformer`. Parameters are named `<prefix>ln_1.weight` and so on. */
export function block(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  options: Omit<TransformerOptions, 'layers'>,
): tf.Tensor3D {
  const attended = layerNorm(
    x,
    parameters[`${prefix}ln_1.weight`]!,
    parameters[`${prefix}ln_1.bias`]!,
    options.epsilon,
  );
  const hidden = tf.add(x, attention(parameters, `${prefix}attn.`, attended, options)) as tf.Tensor3D;
  return tf.add(hidden, mlp(parameters, prefix, hidden, options));
}

/**
 * The feed-forward half of a block: norm, widening by a factor of four, activation, narrowing. `x` and result `[...,
 * W]`.
 */
export function mlp<T extends tf.Tensor>(
  parameters: TensorMap,
  prefix: string,
  x: T,
  { activation = 'quick-gelu', epsilon }: Pick<TransformerOptions, 'activation' | 'epsilon'> = {},
): T {
  const parameter = (name: string): tf.Tensor => parameters[prefix + name]!;
  const act = activation === 'gelu' ? gelu : quickGelu;
  const inner = linear(
    layerNorm(x, parameter('ln_2.weight'), parameter('ln_2.bias'), epsilon),
    parameter('mlp.c_fc.weight'),
    parameter('mlp.c_fc.bias'),
  );
  return linear(act(inner), parameter('mlp.c_proj.weight'), parameter('mlp.c_proj.bias'));
}

/** Parameters of `transformer`. The initialisation is that of CLIP's text tower, for both towers. */
export function transformerParameters(
  prefix: string,
  { width, layers }: { width: number; layers: number },
): ParameterSpec[] {
  return Array.from({ length: layers }, (_, i) =>
    blockParameters(`${prefix}resblocks.${i}.`, { width, layers }),
  ).flat();
}

/** Parameters of `block`. The initialisation depends on `layers`, the number of blocks in the transformer. */
export function blockParameters(prefix: string, { width, layers }: { width: number; layers: number }): ParameterSpec[] {
  const attentionStd = width ** -0.5;
  const outStd = attentionStd * (2 * layers) ** -0.5;
  const specs: [string, number[], ParameterSpec['init']][] = [
    ['ln_1.weight', [width], ones],
    ['ln_1.bias', [width], zeros],
    ['attn.in_proj_weight', [3 * width, width], normal(attentionStd)],
    ['attn.in_proj_bias', [3 * width], zeros],
    ['attn.out_proj.weight', [width, width], normal(outStd)],
    ['attn.out_proj.bias', [width], zeros],
    ['ln_2.weight', [width], ones],
    ['ln_2.bias', [width], zeros],
    ['mlp.c_fc.weight', [4 * width, width], normal((2 * width) ** -0.5)],
    ['mlp.c_fc.bias', [4 * width], zeros],
    ['mlp.c_proj.weight', [width, 4 * width], normal(outStd)],
    ['mlp.c_proj.bias', [width], zeros],
  ];
  return specs.map(([name, shape, init]) => ({ name: prefix + name, shape, init }));
}

/** The stages of a transformer: one per block, from input to output. */
export function transformerStages(prefix: string, options: { width: number; layers: number }): TowerStage[] {
  const names = transformerParameters(prefix, options).map(({ name }) => name);
  return Array.from({ length: options.layers }, (_, i) => ({
    name: `${prefix}resblocks.${i}`,
    kind: 'block' as const,
    parameters: names.filter((name) => name.startsWith(`${prefix}resblocks.${i}.`)),
  }));
}
