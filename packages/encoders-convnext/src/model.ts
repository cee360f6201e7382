import {
  type EncoderOutput,
  type ForwardOptions,
  type ImageEncoderModel,
  type ImagePreprocessing,
  MedbenchError,
  type TensorMap,
} from '@medbench/core';
import { gelu, layerNorm, lazyOutput, linear, once, patchConvolution, towerStage } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type Block, blockParameters, FILTER, headParameters, listBlocks, stemParameters } from './parameters.js';

/** Sizes of a ConvNeXt. */
export interface ConvNextSizes {
  readonly id: string;
  /** Side of the input in pixels, a multiple of 32. */
  readonly imageSize: number;
  /** Channels of the four stages. */
  readonly widths: readonly [number, number, number, number];
  /** Number of blocks in each of the four stages. */
  readonly depths: readonly [number, number, number, number];
  readonly embedDim: number;
  /** timm's name of the model with these sizes, with which open_clip builds it. */
  readonly timm?: string;
  /** Preprocessing of the images. Default: as in CLIP. */
  readonly preprocessing?: ImagePreprocessing;
}

/** Pixels of the input, along each side, per cell of the last stage's grid. */
const REDUCTION = 32;
const EPSILON = 1e-6;

/**
 * A depthwise convolution that keeps the size.
 * @param x `[B, H, W, C]`. @param weight `[C, 1, k, k]`. @param bias `[C]`.
 */
function depthwise(x: tf.Tensor4D, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor4D {
  const filter = tf.transpose(weight, [2, 3, 0, 1]) as tf.Tensor4D;
  return tf.add(tf.depthwiseConv2d(x, filter, 1, (FILTER - 1) / 2), bias);
}

/** Runs a tower's layers by the names of their parameters. */
class Layers {
  constructor(private readonly parameters: TensorMap) {}

  parameter(name: string): tf.Tensor {
    return this.parameters[name]!;
  }

  norm<T extends tf.Tensor>(x: T, name: string): T {
    return layerNorm(x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`), EPSILON);
  }

  patches(x: tf.Tensor4D, name: string): tf.Tensor4D {
    return patchConvolution(x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`));
  }

  /** @param x `[B, H, W, C]`. */
  block(x: tf.Tensor4D, { name, downsample }: Block): tf.Tensor4D {
    const own = (part: string): tf.Tensor => this.parameter(`${name}.${part}`);
    const input = downsample ? this.patches(this.norm(x, `${downsample.name}.0`), `${downsample.name}.1`) : x;
    const mixed = this.norm(depthwise(input, own('conv_dw.weight'), own('conv_dw.bias')), `${name}.norm`);
    const wide = gelu(linear(mixed, own('mlp.fc1.weight'), own('mlp.fc1.bias')));
    // Folding the layer scale into the matrix saves a pass over the image.
    const gamma = own('gamma');
    const narrow = tf.mul(own('mlp.fc2.weight'), tf.reshape(gamma, [-1, 1]));
    return tf.add(input, linear(wide, narrow, tf.mul(own('mlp.fc2.bias'), gamma)));
  }
}

function forward(
  sizes: ConvNextSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  options: ForwardOptions = {},
): EncoderOutput {
  if (options.keptPatches) {
    throw new MedbenchError('config', `${sizes.id} has no patches to drop`, {
      hint: 'Its convolutions need the whole grid. Choose a vision transformer with encoders.image.',
    });
  }
  const layers = new Layers(parameters);
  let x = layers.norm(layers.patches(images, 'trunk.stem.0'), 'trunk.stem.1');
  for (const block of listBlocks(sizes)) x = layers.block(x, block);
  const [batch, rows, columns, width] = x.shape;
  const hidden = tf.reshape(x, [batch, rows * columns, width]) as tf.Tensor3D;
  const project = <T extends tf.Tensor>(features: T): T => linear(features, layers.parameter('head.proj.weight'));
  const tokens = once(() => layers.norm(hidden, 'trunk.head.norm'));
  const pooled = once<tf.Tensor2D>(() => layers.norm(tf.mean(hidden, 1), 'trunk.head.norm'));
  const tokenEmbeddings = once(() => project(tokens()));
  const embedding = once(() => project(pooled()));
  return lazyOutput({ hidden: () => hidden, tokens, tokenEmbeddings, pooled, embedding });
}

/**
 * A ConvNeXt (arXiv:2201.03545), as timm computes it: a stem of 4 x 4 with stride 4, four stages of blocks with
 * depthwise 7 x 7 convolutions, exact GELU and a layer scale, the mean, a norm, and open_clip's linear projection.
 * Parameters are named as in open_clip, without `visual.`.
 *
 * `hidden` is the last stage's grid in row-major order. timm pools it before the last norm, so `pooled` is the norm of
 * its mean. `tokens` are the norms of its cells, and `tokenEmbeddings` their projections.
 * @throws RangeError if the strides do not divide the image size.
 */
export function convNextModel(sizes: ConvNextSizes): ImageEncoderModel {
  const { id, imageSize, widths, embedDim, timm, preprocessing } = sizes;
  if (imageSize % REDUCTION !== 0) {
    throw new RangeError(`${id}: ${imageSize} pixels do not divide by the strides, ${REDUCTION} in all`);
  }
  const stem = stemParameters(widths[0]);
  const blocks = listBlocks(sizes).map((block) => ({ name: block.name, specs: blockParameters(block) }));
  const head = headParameters(widths[3], embedDim);
  return {
    id,
    imageSize,
    width: widths[3],
    embedDim,
    parameters: [...stem, ...blocks.flatMap(({ specs }) => specs), ...head],
    stages: [
      towerStage('trunk.stem', 'embedding', stem),
      ...blocks.map(({ name, specs }) => towerStage(name, 'block', specs)),
      towerStage('head', 'head', head),
    ],
    ...(preprocessing ? { preprocessing } : {}),
    ...(timm ? { openClip: { image_size: imageSize, timm_model_name: timm, timm_pool: '', timm_proj: 'linear' } } : {}),
    forward: (parameters, images, options) => forward(sizes, parameters, images, options),
  };
}
