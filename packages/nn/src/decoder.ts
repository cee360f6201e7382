import type { Activation, ParameterSpec, TensorMap } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { scaledDotProduct } from './attention.js';
import { layerNorm, linear } from './layers.js';
import { normal, ones, zeros } from './parameters.js';
import { block, blockParameters, causalMask, mlp, splitJoint } from './transformer.js';

/** Sizes of an attentional pooler. */
export interface PoolerSizes {
  /** Number of queries. */
  readonly queries: number;
  /** Width of the queries and of the result. */
  readonly width: number;
  /** Width of the context that is pooled. */
  readonly contextWidth: number;
}

/** Parameters of `attentionalPooler`, named as open_clip's. */
export function poolerParameters(prefix: string, { queries, width, contextWidth }: PoolerSizes): ParameterSpec[] {
  const specs: [string, number[], ParameterSpec['init']][] = [
    ['query', [queries, width], normal(1)],
    ['ln_q.weight', [width], ones],
    ['ln_q.bias', [width], zeros],
    ['ln_k.weight', [contextWidth], ones],
    ['ln_k.bias', [contextWidth], zeros],
    ['attn.q_proj_weight', [width, width], normal(width ** -0.5)],
    ['attn.k_proj_weight', [width, contextWidth], normal(contextWidth ** -0.5)],
    ['attn.v_proj_weight', [width, contextWidth], normal(contextWidth ** -0.5)],
    ['attn.in_proj_bias', [3 * width], zeros],
    ['attn.out_proj.weight', [width, width], normal(width ** -0.5)],
    ['attn.out_proj.bias', [width], zeros],
  ];
  return specs.map(([name, shape, init]) => ({ name: prefix + name, shape, init }));
}

/**
 * Attentional pooler (CoCa, arXiv:2205.01917, section 3.2): learned queries attend to the context through one attention
 * layer, without residual connection or feed-forward layer.
 * @param context `[B, S, C]`. @param headCount number of heads. @returns `[B, Q, W]`.
 */
export function attentionalPooler(
  parameters: TensorMap,
  prefix: string,
  context: tf.Tensor3D,
  headCount: number,
): tf.Tensor3D {
  const parameter = (name: string): tf.Tensor => parameters[prefix + name]!;
  const [batch] = context.shape;
  const [queries, width] = parameter('query').shape as [number, number];
  const normedContext = layerNorm(context, parameter('ln_k.weight'), parameter('ln_k.bias'));
  const [biasQ, biasK, biasV] = tf.split(parameter('attn.in_proj_bias') as tf.Tensor1D, 3) as [
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  const projectedQueries = linear(
    layerNorm(parameter('query'), parameter('ln_q.weight'), parameter('ln_q.bias')),
    parameter('attn.q_proj_weight'),
    biasQ,
  );
  const q = tf.tile(tf.reshape(projectedQueries, [1, queries, width]), [batch, 1, 1]) as tf.Tensor3D;
  const mixed = scaledDotProduct(
    q,
    linear(normedContext, parameter('attn.k_proj_weight'), biasK),
    linear(normedContext, parameter('attn.v_proj_weight'), biasV),
    { heads: headCount },
  );
  return linear(mixed, parameter('attn.out_proj.weight'), parameter('attn.out_proj.bias'));
}

/** Sizes of a multimodal decoder. */
export interface DecoderSizes {
  readonly width: number;
  readonly layers: number;
  readonly vocabSize: number;
}

/** Parameters of `multimodalDecoder`, named as open_clip's `text_decoder`. */
export function decoderParameters(prefix: string, { width, layers, vocabSize }: DecoderSizes): ParameterSpec[] {
  const blocks = Array.from({ length: layers }, (_, i): ParameterSpec[] => [
    ...blockParameters(`${prefix}resblocks.${i}.`, { width, layers }),
    ...blockParameters(`${prefix}cross_attn.${i}.`, { width, layers }),
    { name: `${prefix}cross_attn.${i}.ln_1_kv.weight`, shape: [width], init: ones },
    { name: `${prefix}cross_attn.${i}.ln_1_kv.bias`, shape: [width], init: zeros },
  ]);
  return [
    ...blocks.flat(),
    { name: `${prefix}ln_final.weight`, shape: [width], init: ones },
    { name: `${prefix}ln_final.bias`, shape: [width], init: zeros },
    { name: `${prefix}text_projection`, shape: [width, vocabSize], init: normal(width ** -0.5) },
  ];
}

/** A transformer block with cross-attention to the context. `x` `[B, T, W]`, `context` `[B, S, W]`. */
function crossBlock(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  context: tf.Tensor3D,
  { headCount, activation }: { headCount: number; activation?: Activation | undefined },
): tf.Tensor3D {
  const parameter = (name: string): tf.Tensor => parameters[prefix + name]!;
  const width = x.shape[2];
  const [toQ, toKV] = tf.split(parameter('attn.in_proj_weight') as tf.Tensor2D, [width, 2 * width], 0) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const [biasQ, biasKV] = tf.split(parameter('attn.in_proj_bias') as tf.Tensor1D, [width, 2 * width], 0) as [
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  const q = linear(layerNorm(x, parameter('ln_1.weight'), parameter('ln_1.bias')), toQ, biasQ);
  const kv = linear(layerNorm(context, parameter('ln_1_kv.weight'), parameter('ln_1_kv.bias')), toKV, biasKV);
  const [k, v] = splitJoint(kv, 2) as [tf.Tensor3D, tf.Tensor3D];
  const mixed = scaledDotProduct(q, k, v, { heads: headCount });
  const hidden = tf.add(
    x,
    linear(mixed, parameter('attn.out_proj.weight'), parameter('attn.out_proj.bias')),
  ) as tf.Tensor3D;
  return tf.add(hidden, mlp(parameters, prefix, hidden, activation ? { activation } : {}));
}

/**
 * Multimodal decoder (CoCa, arXiv:2205.01917, section 3.2): blocks of causal self-attention and of cross-attention to
 * the context alternate, followed by a norm and a projection to the vocabulary.
 * @param x `[B, T, W]`. @param context `[B, S, W]`. @returns logits `[B, T, V]`.
 */
export function multimodalDecoder(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  context: tf.Tensor3D,
  options: { readonly layers: number; readonly headCount: number; readonly activation?: Activation | undefined },
): tf.Tensor3D {
  const [batch, length, width] = x.shape;
  const mask = causalMask(length);
  const { headCount, activation } = options;
  let hidden = x;
  for (let i = 0; i < options.layers; i++) {
    const blockOptions = { heads: headCount, mask, causal: true, ...(activation ? { activation } : {}) };
    hidden = block(parameters, `${prefix}resblocks.${i}.`, hidden, blockOptions);
    hidden = crossBlock(parameters, `${prefix}cross_attn.${i}.`, hidden, context, options);
  }
  const normed = layerNorm(hidden, parameters[`${prefix}ln_final.weight`]!, parameters[`${prefix}ln_final.bias`]!);
  const flat = tf.reshape(normed, [batch * length, width]) as tf.Tensor2D;
  const projection = parameters[`${prefix}text_projection`] as tf.Tensor2D;
  return tf.reshape(tf.matMul(flat, projection), [batch, length, projection.shape[1]]) as tf.Tensor3D;
}
