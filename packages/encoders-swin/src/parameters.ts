import type { ParameterSpec } from '@medbench/core';
import { normal, ones, uniform, zeros } from '@medbench/nn';

/** Side of the patches in pixels. */
export const PATCH = 4;
/** The feed-forward half of a block widens its channels by this factor. */
const EXPANSION = 4;
/** Standard deviation of matrices and bias tables at the start. */
const STD = 0.02;

/** Sizes of the stages. */
export interface StageSizes {
  /** Side of the input in pixels. */
  readonly imageSize: number;
  /** Channels of the first stage. Each further stage has twice as many, on half the side. */
  readonly width: number;
  /** Number of blocks in each stage. */
  readonly depths: readonly number[];
  /** Number of attention heads in each stage. */
  readonly heads: readonly number[];
  /** Side of the windows in tokens. */
  readonly window: number;
}

/** Name and sizes of one block. */
export interface Block {
  /** `trunk.layers.<stage>.blocks.<index>`, as in timm. */
  readonly name: string;
  readonly width: number;
  readonly heads: number;
  /** Side of its grid of tokens, and of its windows. */
  readonly side: number;
  readonly window: number;
  /** Tokens by which its windows are shifted along each axis; 0 for none. */
  readonly shift: number;
  /** Name of the layer that merges patches before this block. */
  readonly merge?: string;
}

/**
 * The blocks of the stages, input to output. As in timm, a window is at most as large as the grid, and the windows of a
 * grid that is one window are not shifted.
 */
export const listBlocks = ({ imageSize, width, depths, heads, window }: StageSizes): Block[] =>
  depths.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index): Block => {
      const side = imageSize / PATCH / 2 ** stage;
      return {
        name: `trunk.layers.${stage}.blocks.${index}`,
        width: width * 2 ** stage,
        heads: heads[stage]!,
        side,
        window: Math.min(window, side),
        shift: index % 2 === 1 && side > window ? Math.floor(window / 2) : 0,
        ...(stage > 0 && index === 0 ? { merge: `trunk.layers.${stage}.downsample` } : {}),
      };
    }),
  );

const norm = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], init: ones },
  { name: `${name}.bias`, shape: [width], init: zeros },
];
/** timm truncates the draws at 100 standard deviations, so never. */
const linear = (name: string, out: number, input: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [out, input], init: normal(STD) },
  { name: `${name}.bias`, shape: [out], init: zeros },
];

/** Parameters of the patch embedding. The convolution starts as in PyTorch: uniform within 1 / sqrt(fan in). */
export function patchParameters(width: number): ParameterSpec[] {
  const init = uniform((3 * PATCH ** 2) ** -0.5);
  return [
    { name: 'trunk.patch_embed.proj.weight', shape: [width, 3, PATCH, PATCH], init },
    { name: 'trunk.patch_embed.proj.bias', shape: [width], init },
    ...norm('trunk.patch_embed.norm', width),
  ];
}

/** Parameters of a block, after those of the merging of patches that leads to it. */
export const blockParameters = ({ name, width, heads, window, merge }: Block): ParameterSpec[] => [
  ...(merge
    ? [
        ...norm(`${merge}.norm`, 2 * width),
        { name: `${merge}.reduction.weight`, shape: [width, 2 * width], init: normal(STD) },
      ]
    : []),
  ...norm(`${name}.norm1`, width),
  { name: `${name}.attn.relative_position_bias_table`, shape: [(2 * window - 1) ** 2, heads], init: normal(STD) },
  ...linear(`${name}.attn.qkv`, 3 * width, width),
  ...linear(`${name}.attn.proj`, width, width),
  ...norm(`${name}.norm2`, width),
  ...linear(`${name}.mlp.fc1`, EXPANSION * width, width),
  ...linear(`${name}.mlp.fc2`, width, EXPANSION * width),
];

/** Parameters of the head: timm's last norm, and open_clip's projection into the joint space. */
export const headParameters = (width: number, embedDim: number): ParameterSpec[] => [
  ...norm('trunk.norm', width),
  { name: 'head.proj.weight', shape: [embedDim, width], init: uniform(width ** -0.5) },
];
