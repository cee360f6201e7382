import {
  type EncoderOutput,
  type ForwardOptions,
  type ImageEncoderModel,
  MedbenchError,
  type TensorMap,
} from '@medbench/core';
import { batchNorm, batchNormAffine, linear, towerStage } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { attentionPool } from './attention-pool.js';
import { attentionPoolParameters, BOTTLENECK, blockParameters, listBlocks, stemParameters } from './parameters.js';

/** Sizes of a modified ResNet. */
export interface ResNetSizes {
  readonly id: string;
  /** Side of the input in pixels, a multiple of 32. */
  readonly imageSize: number;
  /** Channels after the stem: 64 for the ResNet-50. The last stage has 32 times as many. */
  readonly baseWidth: number;
  /** Bottlenecks in each of the four stages. */
  readonly layers: readonly [number, number, number, number];
  readonly embedDim: number;
}

/** Pixels of the input, along each side, per cell of the last stage's grid. */
const REDUCTION = 32;
/** Width of an attention head. */
const HEAD = 64;

/**
 * A convolution without bias, padded so that stride 1 keeps the size.
 * @param x `[B, H, W, in]`. @param weight `[out, in, k, k]`.
 */
function convolution(x: tf.Tensor4D, weight: tf.Tensor4D, stride: number): tf.Tensor4D {
  const [out, channels, side] = weight.shape;
  // A convolution of one pixel is a matrix product, because the layout is channels-last.
  if (side === 1) return linear(x, tf.reshape(weight, [out, channels]));
  const filter = tf.transpose(weight, [2, 3, 1, 0]) as tf.Tensor4D;
  return tf.conv2d(x, filter, stride, (side - 1) / 2);
}

const halve = (x: tf.Tensor4D): tf.Tensor4D => tf.avgPool(x, 2, 2, 'valid');

function forward(
  sizes: ResNetSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  options: ForwardOptions = {},
): EncoderOutput {
  if (options.keptPatches) {
    throw new MedbenchError('config', `${sizes.id} has no patches to drop`, { hint: 'Choose a vision transformer.' });
  }
  const updates: Record<string, tf.Tensor> = {};
  const convolveAndNormalise = (x: tf.Tensor4D, conv: string, norm: string, stride = 1): tf.Tensor4D => {
    const weight = parameters[`${conv}.weight`] as tf.Tensor4D;
    const line = batchNormAffine(parameters, norm, options);
    // Folding the factor into the filter saves a pass over the image.
    if (line) {
      const filter = tf.mul(weight, tf.reshape(line.factor, [-1, 1, 1, 1])) as tf.Tensor4D;
      return tf.add(convolution(x, filter, stride), line.shift);
    }
    const result = batchNorm(parameters, norm, convolution(x, weight, stride), options);
    Object.assign(updates, result.updates);
    return result.value;
  };
  let x: tf.Tensor4D = tf.relu(convolveAndNormalise(images, 'conv1', 'bn1', 2));
  x = tf.relu(convolveAndNormalise(x, 'conv2', 'bn2'));
  x = halve(tf.relu(convolveAndNormalise(x, 'conv3', 'bn3')));
  for (const { name, downsamples, projectsShortcut } of listBlocks(sizes)) {
    let residual = tf.relu(convolveAndNormalise(x, `${name}.conv1`, `${name}.bn1`));
    residual = tf.relu(convolveAndNormalise(residual, `${name}.conv2`, `${name}.bn2`));
    // An average pool before a convolution of stride 1 replaces a strided convolution, which would alias.
    residual = convolveAndNormalise(downsamples ? halve(residual) : residual, `${name}.conv3`, `${name}.bn3`);
    const shortcut = projectsShortcut
      ? convolveAndNormalise(downsamples ? halve(x) : x, `${name}.downsample.0`, `${name}.downsample.1`)
      : x;
    x = tf.relu(tf.add(residual, shortcut)) as tf.Tensor4D;
  }
  const [batch, rows, columns, width] = x.shape;
  const tokens = tf.reshape(x, [batch, rows * columns, width]) as tf.Tensor3D;
  const pooled = attentionPool(parameters, tokens, width / HEAD);
  const embedding = linear(pooled, parameters['attnpool.c_proj.weight']!, parameters['attnpool.c_proj.bias']!);
  return { tokens, pooled, embedding, ...(options.training ? { updates } : {}) };
}

/**
 * The modified ResNet of CLIP (arXiv:2103.00020, section 2.4): a stem of three convolutions, anti-aliased strides, and
 * attention pooling in place of the mean. Parameters are named as in open_clip without `visual.`.
 *
 * `tokens` are the last stage's grid in row-major order, before the pool. `pooled` is the output of the pool's
 * attention, before its output projection `c_proj`, which is the projection into the joint space. Both are 32 base
 * widths wide. The mean of `tokens` is the mean of the grid, which other frameworks use as the pooled feature.
 * @throws RangeError if the strides do not divide the image size, or the attention heads the width.
 */
export function resnetModel(sizes: ResNetSizes): ImageEncoderModel {
  const { id, imageSize, baseWidth, embedDim } = sizes;
  const width = baseWidth * 8 * BOTTLENECK;
  if (imageSize % REDUCTION !== 0 || width % HEAD !== 0) {
    throw new RangeError(
      `${id}: ${imageSize} pixels do not divide by the strides, or the base width ${baseWidth} into attention heads`,
    );
  }
  const stem = stemParameters(baseWidth);
  const blocks = listBlocks(sizes).map((block) => ({ name: block.name, specs: blockParameters(block) }));
  const head = attentionPoolParameters({ positions: (imageSize / REDUCTION) ** 2 + 1, width, embedDim });
  return {
    id,
    imageSize,
    width,
    embedDim,
    parameters: [...stem, ...blocks.flatMap(({ specs }) => specs), ...head],
    stages: [
      towerStage('stem', 'embedding', stem),
      ...blocks.map(({ name, specs }) => towerStage(name, 'block', specs)),
      towerStage('attnpool', 'head', head),
    ],
    forward: (parameters, images, options) => forward(sizes, parameters, images, options),
  };
}
