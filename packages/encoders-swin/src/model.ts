import {
  type EncoderOutput,
  type ForwardOptions,
  type ImageEncoderModel,
  type ImagePreprocessing,
  MedbenchError,
  type TensorMap,
} from '@medbench/core';
import {
  gelu,
  layerNorm,
  lazyOutput,
  linear,
  once,
  patchConvolution,
  permuteRows,
  scaledDotProduct,
  splitJoint,
  towerStage,
} from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import {
  type Block,
  blockParameters,
  headParameters,
  listBlocks,
  PATCH,
  patchParameters,
  type StageSizes,
} from './parameters.js';
import { mergeOrder, relativeIndex, reordering, rowMajor, shiftMask, type TokenOrder, windowOrder } from './windows.js';

/** Sizes of a Swin transformer. */
export interface SwinSizes extends StageSizes {
  readonly id: string;
  readonly embedDim: number;
  /** timm's name of the model with these sizes, with which open_clip builds it. */
  readonly timm?: string;
  /** Preprocessing of the images. Default: as in CLIP. */
  readonly preprocessing?: ImagePreprocessing;
}

/** The tokens of a grid, `[B, N, W]`, and their order. */
interface Grid {
  readonly tokens: tf.Tensor3D;
  readonly order: TokenOrder;
}

/**
 * Puts the tokens into another order. Rolls, windows and the merging of patches are all orders of the tokens; what lies
 * between them is done to each token alone. So the tokens stay in the order of a block until another one is needed.
 */
function inOrder({ tokens, order }: Grid, wanted: TokenOrder): Grid {
  return { tokens: permuteRows(tokens, reordering(order, wanted)), order: wanted };
}

/** Runs a tower's layers by the names of their parameters. */
class Layers {
  constructor(private readonly parameters: TensorMap) {}

  parameter(name: string): tf.Tensor {
    return this.parameters[name]!;
  }

  norm<T extends tf.Tensor>(x: T, name: string): T {
    return layerNorm(x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`));
  }

  linear<T extends tf.Tensor>(x: T, name: string): T {
    return linear(x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`));
  }

  /** Patches of 4 x 4 pixels: `[B, N, W]`. */
  embed(images: tf.Tensor4D): Grid {
    const name = 'trunk.patch_embed';
    const x = patchConvolution(images, this.parameter(`${name}.proj.weight`), this.parameter(`${name}.proj.bias`));
    const [batch, side, , width] = x.shape;
    const tokens = tf.reshape(x, [batch, side * side, width]) as tf.Tensor3D;
    return { tokens: this.norm(tokens, `${name}.norm`), order: rowMajor(side) };
  }

  /** Merges patches, two by two: `[B, N, W]` to `[B, N / 4, 2 W]`. */
  merge(grid: Grid, name: string, side: number): Grid {
    const { tokens } = inOrder(grid, mergeOrder(side));
    const [batch, count, width] = tokens.shape;
    const joined = tf.reshape(tokens, [batch, count / 4, 4 * width]) as tf.Tensor3D;
    const merged = linear(this.norm(joined, `${name}.norm`), this.parameter(`${name}.reduction.weight`));
    return { tokens: merged, order: rowMajor(side / 2) };
  }

  block(grid: Grid, block: Block): Grid {
    const { name, merge, side } = block;
    const { tokens, order } = inOrder(merge ? this.merge(grid, merge, 2 * side) : grid, windowOrder(block));
    const attended = tf.add(tokens, this.attention(this.norm(tokens, `${name}.norm1`), block)) as tf.Tensor3D;
    const wide = gelu(this.linear(this.norm(attended, `${name}.norm2`), `${name}.mlp.fc1`));
    return { tokens: tf.add(attended, this.linear(wide, `${name}.mlp.fc2`)), order };
  }

  /** Attention within each window. @param x `[B, N, W]`, window after window. */
  attention(x: tf.Tensor3D, block: Block): tf.Tensor3D {
    const { name, heads, window } = block;
    const [batch, count, width] = x.shape;
    const size = window ** 2;
    const windows = tf.reshape(x, [(batch * count) / size, size, width]) as tf.Tensor3D;
    const [q, k, v] = splitJoint(this.linear(windows, `${name}.attn.qkv`), 3) as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
    ];
    const mixed = scaledDotProduct(q, k, v, { heads, bias: this.bias(block) });
    return tf.reshape(this.linear(mixed, `${name}.attn.proj`), [batch, count, width]);
  }

  /** The bias by relative position, with the mask of shifted windows: `[1 or windows, heads, n, n]`. */
  bias(block: Block): tf.Tensor4D {
    const { name, heads, window, side, shift } = block;
    const size = window ** 2;
    const table = this.parameter(`${name}.attn.relative_position_bias_table`) as tf.Tensor2D;
    const rows = tf.gather(table, tf.tensor1d(relativeIndex(window), 'int32'));
    const bias = tf.reshape(tf.transpose(rows), [1, heads, size, size]) as tf.Tensor4D;
    if (shift === 0) return bias;
    return tf.add(bias, tf.tensor4d(shiftMask(block), [(side / window) ** 2, 1, size, size]));
  }
}

function forward(
  sizes: SwinSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  options: ForwardOptions = {},
): EncoderOutput {
  if (options.keptPatches) {
    throw new MedbenchError('config', `${sizes.id} has no patches to drop`, {
      hint: 'Its windows need the whole grid. Choose a vision transformer with encoders.image.',
    });
  }
  const layers = new Layers(parameters);
  const blocks = listBlocks(sizes);
  let grid = layers.embed(images);
  for (const block of blocks) grid = layers.block(grid, block);
  const last = grid;
  const project = <T extends tf.Tensor>(features: T): T => linear(features, layers.parameter('head.proj.weight'));
  const hidden = once(() => inOrder(last, rowMajor(blocks.at(-1)!.side)).tokens);
  const normed = once(() => layers.norm(last.tokens, 'trunk.norm'));
  const tokens = once(() => layers.norm(hidden(), 'trunk.norm'));
  const pooled = once<tf.Tensor2D>(() => tf.mean(normed(), 1));
  const tokenEmbeddings = once(() => project(tokens()));
  const embedding = once(() => project(pooled()));
  return lazyOutput({ hidden, tokens, tokenEmbeddings, pooled, embedding });
}

/**
 * A Swin transformer (arXiv:2103.14030), as timm computes it: patches of 4 x 4, stages of blocks with attention in
 * windows, every second one with shifted windows, and the merging of patches between stages; then a norm, the mean, and
 * open_clip's linear projection. Parameters are named as in open_clip, without `visual.`.
 *
 * `hidden` is the last stage's grid in row-major order, `tokens` is its norm, `tokenEmbeddings` are their projections,
 * and `pooled` is the mean of `tokens`.
 * @throws RangeError if the patches, merges and windows do not divide the image, or the heads the widths.
 */
export function swinModel(sizes: SwinSizes): ImageEncoderModel {
  const { id, imageSize, width, depths, heads, window, embedDim, timm, preprocessing } = sizes;
  const blocks = listBlocks(sizes);
  for (const block of blocks) {
    const odd = block.merge !== undefined && !Number.isInteger(block.side);
    if (odd || block.side % block.window !== 0 || block.width % block.heads !== 0) {
      throw new RangeError(
        `${id}: ${imageSize} pixels do not divide into patches of ${PATCH}, halves and windows of ${window}, or the widths into ${heads.join(', ')} heads`,
      );
    }
  }
  const patches = patchParameters(width);
  const specs = blocks.map((block) => ({ name: block.name, specs: blockParameters(block) }));
  const lastWidth = width * 2 ** (depths.length - 1);
  const head = headParameters(lastWidth, embedDim);
  return {
    id,
    imageSize,
    width: lastWidth,
    embedDim,
    parameters: [...patches, ...specs.flatMap((block) => block.specs), ...head],
    stages: [
      towerStage('trunk.patch_embed', 'embedding', patches),
      ...specs.map((block) => towerStage(block.name, 'block', block.specs)),
      towerStage('head', 'head', head),
    ],
    ...(preprocessing ? { preprocessing } : {}),
    ...(timm ? { openClip: { image_size: imageSize, timm_model_name: timm, timm_pool: '', timm_proj: 'linear' } } : {}),
    forward: (parameters, images, options) => forward(sizes, parameters, images, options),
  };
}
