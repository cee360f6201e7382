import type { ParameterSpec } from '@medbench/core';
import { constant, normal, ones, uniform, zeros } from '@medbench/nn';

/** Side of the depthwise filters. */
export const FILTER = 7;
/** Each block widens its channels by this factor. */
const EXPANSION = 4;
/** Side and stride of the stem's convolution, and of those between stages. */
const [STEM, DOWNSAMPLE] = [4, 2];
/** Standard deviation of matrices and convolutions at the start, and first value of the layer scale. */
const [STD, LAYER_SCALE] = [0.02, 1e-6];

/** Sizes of the four stages. */
export interface StageWidths {
  readonly widths: readonly number[];
  /** Number of blocks in each stage. */
  readonly depths: readonly number[];
}

/** Name and sizes of one block. */
export interface Block {
  /** `trunk.stages.<stage>.blocks.<index>`, as in timm. */
  readonly name: string;
  readonly width: number;
  /** The layers between the stages that lead to this block: their name, and the channels that they read. */
  readonly downsample?: { readonly name: string; readonly input: number };
}

/** The blocks of the four stages, input to output. */
export const listBlocks = ({ widths, depths }: StageWidths): Block[] =>
  depths.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index): Block => {
      const name = `trunk.stages.${stage}.blocks.${index}`;
      const width = widths[stage]!;
      if (stage === 0 || index > 0) return { name, width };
      return { name, width, downsample: { name: `trunk.stages.${stage}.downsample`, input: widths[stage - 1]! } };
    }),
  );

const norm = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], init: ones },
  { name: `${name}.bias`, shape: [width], init: zeros },
];
/** A matrix or a convolution, with its bias. timm truncates the draws at 100 standard deviations, so never. */
const weights = (name: string, shape: readonly number[]): ParameterSpec[] => [
  { name: `${name}.weight`, shape, init: normal(STD) },
  { name: `${name}.bias`, shape: [shape[0]!], init: zeros },
];

/** Parameters of the stem: a convolution of 4 x 4 with stride 4, and its norm. */
export const stemParameters = (width: number): ParameterSpec[] => [
  ...weights('trunk.stem.0', [width, 3, STEM, STEM]),
  ...norm('trunk.stem.1', width),
];

/** Parameters of a block, after those of the downsampling that leads to it. */
export const blockParameters = ({ name, width, downsample }: Block): ParameterSpec[] => [
  ...(downsample
    ? [
        ...norm(`${downsample.name}.0`, downsample.input),
        ...weights(`${downsample.name}.1`, [width, downsample.input, DOWNSAMPLE, DOWNSAMPLE]),
      ]
    : []),
  { name: `${name}.gamma`, shape: [width], init: constant(LAYER_SCALE) },
  ...weights(`${name}.conv_dw`, [width, 1, FILTER, FILTER]),
  ...norm(`${name}.norm`, width),
  ...weights(`${name}.mlp.fc1`, [EXPANSION * width, width]),
  ...weights(`${name}.mlp.fc2`, [width, EXPANSION * width]),
];

/** Parameters of the head: timm's norm of the pooled feature, and open_clip's projection into the joint space. */
export const headParameters = (width: number, embedDim: number): ParameterSpec[] => [
  ...norm('trunk.head.norm', width),
  // The default of PyTorch: uniform within 1 / sqrt(fan in).
  { name: 'head.proj.weight', shape: [embedDim, width], init: uniform(width ** -0.5) },
];
