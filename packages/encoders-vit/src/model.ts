import type { Activation, EncoderOutput, ImageEncoderModel, ParameterSpec, Stage, TensorMap } from '@medbench/core';
import { layerNorm, normal, ones, transformer, transformerParameters, transformerStages, zeros } from '@medbench/nn';
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

const HEAD = 64;

/**
 * `[B, H, W, 3]` to `[B, P, p * p * 3]`, patches in row-major order, each flattened as (row, column, channel). Rank 4 at
 * the most, since engines are slow at transposing more.
 */
function patchify(images: tf.Tensor4D, patch: number): tf.Tensor3D {
  const [batch, height, width] = images.shape;
  const rows = height / patch;
  const cols = width / patch;
  const strips = tf.reshape(images, [batch * rows, patch, cols, patch * 3]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, rows * cols, patch * patch * 3]);
}

/** The convolution `[W, 3, p, p]` as the matrix `[W, p * p * 3]` that multiplies `patchify`'s rows. */
function patchMatrix(convolution: tf.Tensor): tf.Tensor2D {
  const [width, channels, height, cols] = convolution.shape as [number, number, number, number];
  const flat = tf.reshape(convolution, [width, channels, height * cols]);
  return tf.reshape(tf.transpose(flat, [0, 2, 1]), [width, height * cols * channels]);
}

function forward(sizes: VitSizes, parameters: TensorMap, images: tf.Tensor4D): EncoderOutput {
  const { patchSize, width, layers, activation } = sizes;
  const of = (name: string): tf.Tensor => parameters[name]!;
  const batch = images.shape[0];
  const patches = patchify(images, patchSize);
  const count = patches.shape[1];
  const flat = tf.reshape(patches, [batch * count, patches.shape[2]]) as tf.Tensor2D;
  const embedded = tf.reshape(tf.matMul(flat, patchMatrix(of('conv1.weight')), false, true), [batch, count, width]);
  const first = tf.tile(tf.reshape(of('class_embedding'), [1, 1, width]), [batch, 1, 1]);
  const tokens = tf.add(tf.concat([first, embedded], 1), of('positional_embedding')) as tf.Tensor3D;
  const hidden = transformer(parameters, 'transformer.', layerNorm(tokens, of('ln_pre.weight'), of('ln_pre.bias')), {
    layers,
    heads: width / HEAD,
    ...(activation ? { activation } : {}),
  });
  const [head, rest] = tf.split(hidden, [1, count], 1) as [tf.Tensor3D, tf.Tensor3D];
  const post = <T extends tf.Tensor>(x: T): T => layerNorm(x, of('ln_post.weight'), of('ln_post.bias'));
  const pooled = post(tf.reshape(head, [batch, width]) as tf.Tensor2D);
  return { tokens: post(rest), pooled, embedding: tf.matMul(pooled, of('proj') as tf.Tensor2D) };
}

/**
 * A vision transformer as in CLIP (arXiv:2103.00020, section 2.4; arXiv:2010.11929): patch embedding, class token,
 * positions, `ln_pre`, blocks, `ln_post` on the class token, projection. Parameters are named as in open_clip without
 * `visual.`; the tokens are the patches' outputs after `ln_post`, as open_clip's `output_tokens`.
 * @throws RangeError if the sizes do not divide.
 */
export function vitModel(sizes: VitSizes): ImageEncoderModel {
  const { id, imageSize, patchSize, width, layers, embedDim } = sizes;
  if (imageSize % patchSize !== 0 || width % HEAD !== 0) {
    throw new RangeError(
      `${id}: ${imageSize} pixels in patches of ${patchSize}, or a width of ${width}, do not divide`,
    );
  }
  const positions = (imageSize / patchSize) ** 2 + 1;
  const std = width ** -0.5;
  const embedding: ParameterSpec[] = [
    { name: 'class_embedding', shape: [width], init: normal(std) },
    { name: 'positional_embedding', shape: [positions, width], init: normal(std) },
    // The framework default of the original: uniform within 1 / sqrt(fan in).
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
  const stages: Stage[] = [
    { name: 'embedding', kind: 'embedding', parameters: names(embedding) },
    ...transformerStages('transformer.', { width, layers }),
    { name: 'head', kind: 'head', parameters: names(head) },
  ];
  return {
    id,
    imageSize,
    width,
    embedDim,
    parameters: [...embedding, ...transformerParameters('transformer.', { width, layers }), ...head],
    stages,
    forward: (parameters, images) => forward(sizes, parameters, images),
  };
}
