import type {
  Activation,
  EncoderOutput,
  ForwardOptions,
  ParameterSpec,
  TensorMap,
  TextEncoderModel,
  TowerStage,
} from '@medbench/core';
import {
  causalMask,
  layerNorm,
  lazyOutput,
  linear,
  normal,
  once,
  ones,
  type PooledToken,
  pooledTransformer,
  transformerParameters,
  transformerStages,
  zeros,
} from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes of a causal text transformer. Heads are 64 wide. */
export interface GptSizes {
  readonly id: string;
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  readonly embedDim: number;
  readonly activation?: Activation;
}

/** Width of an attention head. */
const HEAD = 64;

/** Added to attention logits that must not count. */
const EXCLUDED = -1e9;

/** The token of a text that is pooled, and how the others attend. */
interface Pooling {
  readonly token: PooledToken;
  /** Causal mask of the ids. */
  readonly mask: tf.Tensor2D;
  /** See `TransformerOptions.appended`. */
  readonly appended?: tf.Tensor2D;
}

/** Pools the end token, `ids` `[B, L]`. It has the largest id, so the first maximum is the end of the text. */
function poolEnd(ids: tf.Tensor2D, width: number): Pooling {
  const [batch, length] = ids.shape;
  const mask = causalMask(length);
  // The one-hot is cast to float32, because the WebAssembly backend ignores its dtype argument.
  const end = tf.cast(tf.oneHot(tf.argMax(ids, 1) as tf.Tensor1D, length), 'float32');
  const select = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(tf.matMul(tf.expandDims(end, 1), x), [batch, width]);
  return { token: { select, mask: tf.matMul(end as tf.Tensor2D, mask) }, mask };
}

/**
 * Pools the token that is appended to `ids` `[B, L - 1]`. It attends to position 0, and to position j if id j - 1 is
 * not 0: open_clip's first mask of this token, which lies one position too far to the right.
 */
function poolAppended(ids: tf.Tensor2D, width: number): Pooling {
  const [batch, length] = ids.shape;
  const padding = tf.cast(tf.equal(ids, 0), 'float32');
  const appended = tf.concat([tf.zeros([batch, 1]), tf.mul(padding, EXCLUDED)], 1) as tf.Tensor2D;
  const select = (x: tf.Tensor3D): tf.Tensor2D =>
    tf.reshape(tf.slice(x, [0, length, 0], [batch, 1, width]), [batch, width]);
  return { token: { select, mask: appended }, mask: causalMask(length), appended };
}

function forward(
  sizes: GptSizes,
  parameters: TensorMap,
  texts: tf.Tensor2D,
  { activation = sizes.activation, appended: token }: ForwardOptions = {},
): EncoderOutput {
  const { contextLength, width, layers } = sizes;
  const parameter = (name: string): tf.Tensor => parameters[name]!;
  const batch = texts.shape[0];
  const ids = token ? tf.slice(texts, [0, 0], [batch, contextLength - 1]) : texts;
  const length = ids.shape[1];
  const rows = tf.gather(parameter('token_embedding.weight'), tf.reshape(ids, [batch * length]));
  const words = tf.reshape(rows, [batch, length, width]) as tf.Tensor3D;
  const all = token ? tf.concat([words, tf.tile(tf.reshape(token, [1, 1, width]), [batch, 1, 1])], 1) : words;
  const embedded = tf.add(all, parameter('positional_embedding')) as tf.Tensor3D;
  const { token: pooledToken, mask, appended } = token ? poolAppended(ids, width) : poolEnd(ids, width);
  const output = pooledTransformer(parameters, 'transformer.', embedded, pooledToken, {
    ...{ layers, heads: width / HEAD, mask, causal: true, appended },
    ...(activation ? { activation } : {}),
  });
  const norm = <T extends tf.Tensor>(x: T): T => layerNorm(x, parameter('ln_final.weight'), parameter('ln_final.bias'));
  const tokens = once(() => norm(output.tokens()));
  const projectTokens = once(() => linear(tokens(), tf.transpose(parameter('text_projection') as tf.Tensor2D)));
  const pooled = once(() => norm(output.pooled()));
  const embedding = once<tf.Tensor2D>(() => tf.matMul(pooled(), parameter('text_projection') as tf.Tensor2D));
  return lazyOutput({ tokens, hidden: () => output.tokens(), tokenEmbeddings: projectTokens, pooled, embedding });
}

/**
 * The causal text transformer of CLIP (arXiv:2103.00020, section 2.4): token table and position embeddings, blocks
 * under a causal mask, `ln_final`, the output at the end token, projection. It needs no padding mask, because the end
 * token cannot see the padding after it.
 * @throws RangeError if the width is no multiple of 64.
 */
export function gptModel(sizes: GptSizes): TextEncoderModel {
  const { id, contextLength, vocabSize, width, layers, embedDim } = sizes;
  if (width % HEAD !== 0) throw new RangeError(`${id}: the width ${width} is no multiple of ${HEAD}`);
  const embedding: ParameterSpec[] = [
    { name: 'token_embedding.weight', shape: [vocabSize, width], init: normal(0.02) },
    { name: 'positional_embedding', shape: [contextLength, width], init: normal(0.01) },
  ];
  const head: ParameterSpec[] = [
    { name: 'ln_final.weight', shape: [width], init: ones },
    { name: 'ln_final.bias', shape: [width], init: zeros },
    { name: 'text_projection', shape: [width, embedDim], init: normal(width ** -0.5) },
  ];
  const names = (specs: readonly ParameterSpec[]): string[] => specs.map(({ name }) => name);
  const stages: TowerStage[] = [
    { name: 'embedding', kind: 'embedding', parameters: names(embedding) },
    ...transformerStages('transformer.', { width, layers }),
    { name: 'head', kind: 'head', parameters: names(head) },
  ];
  return {
    id,
    contextLength,
    vocabSize,
    width,
    embedDim,
    parameters: [...embedding, ...transformerParameters('transformer.', { width, layers }), ...head],
    stages,
    forward: (parameters, ids, options) => forward(sizes, parameters, ids, options),
  };
}
