import type { Activation, EncoderOutput, ParameterSpec, TensorMap, TextEncoderModel, TowerStage } from '@medbench/core';
import {
  causalMask,
  layerNorm,
  normal,
  once,
  ones,
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

function forward(sizes: GptSizes, parameters: TensorMap, ids: tf.Tensor2D): EncoderOutput {
  const { contextLength, width, layers, activation } = sizes;
  const parameter = (name: string): tf.Tensor => parameters[name]!;
  const batch = ids.shape[0];
  const rows = tf.gather(parameter('token_embedding.weight'), tf.reshape(ids, [batch * contextLength]));
  const embedded = tf.add(
    tf.reshape(rows, [batch, contextLength, width]),
    parameter('positional_embedding'),
  ) as tf.Tensor3D;
  const mask = causalMask(contextLength);
  // The end token has the largest id, so the first maximum is the end of the text.
  // The one-hot is cast to float32, because the WebAssembly backend ignores its dtype argument.
  const end = tf.cast(tf.oneHot(tf.argMax(ids, 1) as tf.Tensor1D, contextLength), 'float32');
  const output = pooledTransformer(
    parameters,
    'transformer.',
    embedded,
    {
      select: (x) => tf.reshape(tf.matMul(tf.expandDims(end, 1), x), [batch, width]),
      mask: tf.matMul(end as tf.Tensor2D, mask),
    },
    { layers, heads: width / HEAD, mask, causal: true, ...(activation ? { activation } : {}) },
  );
  const norm = <T extends tf.Tensor>(x: T): T => layerNorm(x, parameter('ln_final.weight'), parameter('ln_final.bias'));
  const tokens = once(() => norm(output.tokens()));
  const pooled = once(() => norm(output.pooled()));
  const embedding = once<tf.Tensor2D>(() => tf.matMul(pooled(), parameter('text_projection') as tf.Tensor2D));
  return {
    get tokens() {
      return tokens();
    },
    get hidden() {
      return output.tokens();
    },
    get pooled() {
      return pooled();
    },
    get embedding() {
      return embedding();
    },
  };
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
    forward: (parameters, ids) => forward(sizes, parameters, ids),
  };
}
