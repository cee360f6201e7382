import type {
  Activation,
  EncoderOutput,
  ForwardOptions,
  ImageEncoderModel,
  ParameterSpec,
  TensorMap,
  TowerStage,
} from '@medbench/core';
import {
  layerNorm,
  lazyOutput,
  linear,
  normal,
  once,
  ones,
  pooledTransformer,
  transformerParameters,
  transformerStages,
  zeros,
} from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { countPatches, embedPatches, firstToken, HEAD, otherTokens, patchInit, prependClassToken } from './patches.js';

/** Sizes of a vision transformer. Heads are 64 wide. */
export interface VitSizes {
  readonly id: string;
  /** Side of the input in pixels. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly width: number;
  readonly layers: number;
  readonly embedDim: number;
  readonly activation?: Activation;
}

function forward(
  sizes: VitSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  { keptPatches, activation = sizes.activation }: ForwardOptions = {},
): EncoderOutput {
  const { patchSize, width, layers } = sizes;
  const parameter = (name: string): tf.Tensor => parameters[name]!;
  const table = parameter('positional_embedding') as tf.Tensor2D;
  const [classPosition, positions] = tf.split(table, [1, table.shape[0] - 1]) as [tf.Tensor2D, tf.Tensor2D];
  const weight = parameter('conv1.weight');
  const patches = embedPatches(images, { patchSize, weight, positions, kept: keptPatches });
  const tokens = prependClassToken(parameter('class_embedding'), classPosition, patches);
  const output = pooledTransformer(
    parameters,
    'transformer.',
    layerNorm(tokens, parameter('ln_pre.weight'), parameter('ln_pre.bias')),
    { select: firstToken },
    { layers, heads: width / HEAD, ...(activation ? { activation } : {}) },
  );
  const post = <T extends tf.Tensor>(x: T): T => layerNorm(x, parameter('ln_post.weight'), parameter('ln_post.bias'));
  const pooled = once(() => post(output.pooled()));
  const embedding = once<tf.Tensor2D>(() => tf.matMul(pooled(), parameter('proj') as tf.Tensor2D));
  const projectTokens = once(() => linear(post(output.tokens()), tf.transpose(parameter('proj') as tf.Tensor2D)));
  const patchTokens = once(() => post(otherTokens(output.tokens())));
  return lazyOutput({
    tokens: patchTokens,
    hidden: () => output.tokens(),
    tokenEmbeddings: projectTokens,
    pooled,
    embedding,
  });
}

/**
 * A vision transformer as in CLIP (arXiv:2103.00020, section 2.4; arXiv:2010.11929): patch embedding, class token,
 * position embeddings, `ln_pre`, blocks, `ln_post` on the class token, projection. Parameters are named as in
 * open_clip, without `visual.`. `tokens` are the patches' outputs after `ln_post`, as with open_clip's `output_tokens`.
 * @throws RangeError if the patches do not divide the image, or the heads the width.
 */
export function vitModel(sizes: VitSizes): ImageEncoderModel {
  const { id, imageSize, patchSize, width, layers, embedDim } = sizes;
  const positions = countPatches(sizes) + 1;
  const std = width ** -0.5;
  const embedding: ParameterSpec[] = [
    { name: 'class_embedding', shape: [width], init: normal(std) },
    { name: 'positional_embedding', shape: [positions, width], init: normal(std) },
    { name: 'conv1.weight', shape: [width, 3, patchSize, patchSize], init: patchInit(patchSize) },
    { name: 'ln_pre.weight', shape: [width], init: ones },
    { name: 'ln_pre.bias', shape: [width], init: zeros },
  ];
  const head: ParameterSpec[] = [
    { name: 'ln_post.weight', shape: [width], init: ones },
    { name: 'ln_post.bias', shape: [width], init: zeros },
    { name: 'proj', shape: [width, embedDim], init: normal(std) },
  ];
  const names = (specs: readonly ParameterSpec[]): string[] => specs.map(({ name }) => name);
  const stages: TowerStage[] = [
    { name: 'embedding', kind: 'embedding', parameters: names(embedding) },
    ...transformerStages('transformer.', { width, layers }),
    { name: 'head', kind: 'head', parameters: names(head) },
  ];
  return {
    id,
    imageSize,
    patchSize,
    width,
    embedDim,
    parameters: [...embedding, ...transformerParameters('transformer.', { width, layers }), ...head],
    stages,
    forward: (parameters, images, options) => forward(sizes, parameters, images, options),
  };
}
