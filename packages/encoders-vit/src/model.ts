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
  linear,
  normal,
  once,
  ones,
  patchify,
  pooledTransformer,
  transformerParameters,
  transformerStages,
  zeros,
} from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

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

/** Width of an attention head. */
const HEAD = 64;

/** Reshapes the convolution `[W, 3, p, p]` to the matrix `[W, p * p * 3]` that multiplies `patchify`'s rows. */
function patchMatrix(convolution: tf.Tensor): tf.Tensor2D {
  const [width, channels, height, cols] = convolution.shape as [number, number, number, number];
  const flat = tf.reshape(convolution, [width, channels, height * cols]);
  return tf.reshape(tf.transpose(flat, [0, 2, 1]), [width, height * cols * channels]);
}

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

function forward(
  sizes: VitSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  { keptPatches, activation = sizes.activation }: ForwardOptions = {},
): EncoderOutput {
  const { patchSize, width, layers } = sizes;
  const parameter = (name: string): tf.Tensor => parameters[name]!;
  const batch = images.shape[0];
  const table = parameter('positional_embedding') as tf.Tensor2D;
  const [classPosition, grid] = tf.split(table, [1, table.shape[0] - 1]) as [tf.Tensor2D, tf.Tensor2D];
  const { patches, positions } = selectPatches(patchify(images, patchSize), grid, keptPatches);
  const count = patches.shape[1];
  const flat = tf.reshape(patches, [batch * count, patches.shape[2]]) as tf.Tensor2D;
  const embedded = tf.reshape(tf.matMul(flat, patchMatrix(parameter('conv1.weight')), false, true), [
    batch,
    count,
    width,
  ]);
  const placed = tf.add(embedded, positions);
  const classToken = tf.add(
    tf.reshape(parameter('class_embedding'), [1, 1, width]),
    tf.reshape(classPosition, [1, 1, width]),
  );
  const tokens = tf.concat([tf.tile(classToken, [batch, 1, 1]), placed], 1) as tf.Tensor3D;
  const output = pooledTransformer(
    parameters,
    'transformer.',
    layerNorm(tokens, parameter('ln_pre.weight'), parameter('ln_pre.bias')),
    { select: (x) => tf.reshape(tf.slice(x, [0, 0, 0], [batch, 1, width]), [batch, width]) },
    { layers, heads: width / HEAD, ...(activation ? { activation } : {}) },
  );
  const post = <T extends tf.Tensor>(x: T): T => layerNorm(x, parameter('ln_post.weight'), parameter('ln_post.bias'));
  const pooled = once(() => post(output.pooled()));
  const embedding = once<tf.Tensor2D>(() => tf.matMul(pooled(), parameter('proj') as tf.Tensor2D));
  const projectTokens = once(() => linear(post(output.tokens()), tf.transpose(parameter('proj') as tf.Tensor2D)));
  const patchTokens = once(() => post(tf.slice(output.tokens(), [0, 1, 0], [batch, count, width])));
  return {
    get tokens() {
      return patchTokens();
    },
    get hidden() {
      return output.tokens();
    },
    get tokenEmbeddings() {
      return projectTokens();
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
 * A vision transformer as in CLIP (arXiv:2103.00020, section 2.4; arXiv:2010.11929): patch embedding, class token,
 * position embeddings, `ln_pre`, blocks, `ln_post` on the class token, projection. Parameters are named as in
 * open_clip, without `visual.`. `tokens` are the patches' outputs after `ln_post`, as with open_clip's `output_tokens`.
 * @throws RangeError if the patches do not divide the image, or the heads the width.
 */
export function vitModel(sizes: VitSizes): ImageEncoderModel {
  const { id, imageSize, patchSize, width, layers, embedDim } = sizes;
  if (imageSize % patchSize !== 0 || width % HEAD !== 0) {
    throw new RangeError(
      `${id}: ${imageSize} pixels do not divide into patches of ${patchSize}, or the width ${width} into attention heads`,
    );
  }
  const positions = (imageSize / patchSize) ** 2 + 1;
  const std = width ** -0.5;
  const embedding: ParameterSpec[] = [
    { name: 'class_embedding', shape: [width], init: normal(std) },
    { name: 'positional_embedding', shape: [positions, width], init: normal(std) },
    // The default of PyTorch, the framework of the original: uniform within 1 / sqrt(fan in).
    {
      name: 'conv1.weight',
      shape: [width, 3, patchSize, patchSize],
      init: { kind: 'uniform', bound: (3 * patchSize ** 2) ** -0.5 },
    },
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
