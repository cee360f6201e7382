import type { EncoderOutput, ForwardOptions, ImageEncoderModel, ImagePreprocessing, TensorMap } from '@medbench/core';
import {
  layerNorm,
  lazyOutput,
  linear,
  mlp,
  once,
  pooledTransformer,
  scaledDotProduct,
  splitJoint,
  type TransformerOptions,
  transformer,
} from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { countPatches, embedPatches, firstToken, HEAD, otherTokens, prependClassToken } from './patches.js';
import { renameBlocks, renamePool, TRUNK, timmStages } from './timm-parameters.js';

/** Sizes of a vision transformer of timm. Heads are 64 wide. */
export interface TimmVitSizes {
  readonly id: string;
  /** Side of the input in pixels. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly width: number;
  readonly layers: number;
  readonly embedDim: number;
  /** `token`: the class token is pooled. `map`: a learned query pools all patches (SigLIP); there is no class token. */
  readonly pooling: 'token' | 'map';
  /** timm's name of the model, for exports; undefined for sizes that timm has no model for. */
  readonly timmName?: string;
  /** Preprocessing of the images. Default: as in CLIP. */
  readonly preprocessing?: ImagePreprocessing;
}

/** timm's norms add this to the variance. */
const EPSILON = 1e-6;

/** Attention pooling by one learned query, then a feed-forward layer. @param x `[B, P, W]`. @returns `[B, W]`. */
function attentionPool(parameters: TensorMap, x: tf.Tensor3D, heads: number): tf.Tensor2D {
  const parameter = (name: string): tf.Tensor => parameters[`${TRUNK}attn_pool.${name}`]!;
  const project = <T extends tf.Tensor>(rows: T, name: string): T =>
    linear(rows, parameter(`${name}.weight`), parameter(`${name}.bias`));
  const [batch, , width] = x.shape;
  const query = project(tf.reshape(parameter('latent'), [1, width]), 'q');
  const q = tf.tile(tf.reshape(query, [1, 1, width]), [batch, 1, 1]) as tf.Tensor3D;
  const [k, v] = splitJoint(project(x, 'kv'), 2) as [tf.Tensor3D, tf.Tensor3D];
  const mixed = project(tf.reshape(scaledDotProduct(q, k, v, { heads }), [batch, width]), 'proj');
  const options = { activation: 'gelu', epsilon: EPSILON } as const;
  return tf.add(mixed, mlp(renamePool(parameters), '', mixed, options)) as tf.Tensor2D;
}

/** Tokens that enter the blocks: `[B, T, W]`, the class token first if there is one. */
function embed(
  { patchSize, pooling }: TimmVitSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  kept: tf.Tensor2D | undefined,
): tf.Tensor3D {
  const parameter = (name: string): tf.Tensor => parameters[TRUNK + name]!;
  const [, count, width] = parameter('pos_embed').shape as [number, number, number];
  const table = tf.reshape(parameter('pos_embed'), [count, width]) as tf.Tensor2D;
  const convolution = { weight: parameter('patch_embed.proj.weight'), bias: parameter('patch_embed.proj.bias') };
  if (pooling === 'map') return embedPatches(images, { ...convolution, patchSize, positions: table, kept });
  const [classPosition, positions] = tf.split(table, [1, count - 1]) as [tf.Tensor2D, tf.Tensor2D];
  const patches = embedPatches(images, { ...convolution, patchSize, positions, kept });
  return prependClassToken(parameter('cls_token'), classPosition, patches);
}

function forward(
  sizes: TimmVitSizes,
  parameters: TensorMap,
  images: tf.Tensor4D,
  { keptPatches }: ForwardOptions = {},
): EncoderOutput {
  const { width, layers, pooling } = sizes;
  const tokens = embed(sizes, parameters, images, keptPatches);
  const blocks = renameBlocks(parameters, layers);
  const heads = width / HEAD;
  const options: TransformerOptions = { layers, heads, activation: 'gelu', epsilon: EPSILON };
  const norm = <T extends tf.Tensor>(x: T): T =>
    layerNorm(x, parameters[`${TRUNK}norm.weight`]!, parameters[`${TRUNK}norm.bias`]!, EPSILON);
  const project = (pooled: tf.Tensor2D): tf.Tensor2D =>
    projects(sizes) ? linear(pooled, parameters['head.proj.weight']!) : pooled;
  if (pooling === 'map') {
    // The pool reads all tokens, so the last block is computed for all.
    const hidden = once(() => transformer(blocks, '', tokens, options));
    const normed = once(() => norm(hidden()));
    const pooled = once(() => attentionPool(parameters, normed(), heads));
    const embedding = once(() => project(pooled()));
    return lazyOutput({ tokens: normed, hidden, pooled, embedding });
  }
  const output = pooledTransformer(blocks, '', tokens, { select: firstToken }, options);
  const normed = once(() => norm(output.tokens()));
  const patchTokens = once(() => norm(otherTokens(output.tokens())));
  const pooled = once(() => norm(output.pooled()));
  const embedding = once(() => project(pooled()));
  const projectTokens = once(() => linear(normed(), parameters['head.proj.weight']!));
  return lazyOutput({
    tokens: patchTokens,
    hidden: () => output.tokens(),
    tokenEmbeddings: projectTokens,
    pooled,
    embedding,
  });
}

/** Whether a projection follows the pool. Attention pooling needs none if the joint space is as wide as the tower. */
const projects = ({ pooling, width, embedDim }: TimmVitSizes): boolean => pooling === 'token' || embedDim !== width;

/**
 * A vision transformer as timm has it (arXiv:2010.11929), with open_clip's linear projection after it. Unlike CLIP's it
 * has no norm before the blocks, a bias in the patch embedding, an eps of 1e-6 and exact GELU, whatever the activation
 * of the run. Parameters are named as in open_clip without `visual.`: `trunk.…` as in timm, and `head.proj.weight`.
 *
 * With `pooling: 'token'` the class token is pooled, as in BiomedCLIP. With `pooling: 'map'` a learned query attends to
 * all patches, as in SigLIP (arXiv:2303.15343). This tower has no class token, its `hidden` are patches only, and it has
 * no `tokenEmbeddings`, because what it projects is the pool's output. Its projection is left out if the joint space is
 * as wide as the tower, as in SigLIP.
 * @throws RangeError if the patches do not divide the image, or the heads the width.
 */
export function timmVitModel(sizes: TimmVitSizes): ImageEncoderModel {
  const { id, imageSize, patchSize, width, layers, embedDim, pooling, timmName, preprocessing } = sizes;
  const positions = countPatches(sizes) + (pooling === 'token' ? 1 : 0);
  const hasProjection = projects(sizes);
  return {
    id,
    imageSize,
    patchSize,
    width,
    embedDim,
    ...(preprocessing ? { preprocessing } : {}),
    ...timmStages({ patchSize, positions, width, layers, embedDim, pooling, projects: hasProjection }),
    ...(timmName
      ? {
          openClip: {
            timm_model_name: timmName,
            timm_model_pretrained: false,
            timm_pool: pooling === 'map' ? 'map' : '',
            timm_proj: hasProjection ? 'linear' : 'none',
            image_size: imageSize,
          },
        }
      : {}),
    forward: (parameters, images, options) => forward(sizes, parameters, images, options),
  };
}
