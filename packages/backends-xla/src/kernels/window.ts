import type { backend_util } from '@tensorflow/tfjs-core';

/** Sizes, strides and padding of a convolution or a pool over `[B, H, W, C]`, as TensorFlow.js computes them. */
export type WindowInfo = backend_util.Conv2DInfo;

export type Shape4D = [number, number, number, number];
export const asShape4D = (shape: readonly number[]): Shape4D => [...shape] as Shape4D;

/** Padding of height and width. */
export const padding = ({ padInfo }: WindowInfo): [before: number, after: number][] => [
  [padInfo.top, padInfo.bottom],
  [padInfo.left, padInfo.right],
];

/** Strides of height and width. */
export const strides = ({ strideHeight, strideWidth }: WindowInfo): number[] => [strideHeight, strideWidth];

/** Sizes of height and width, as sizes of all four axes. */
export const overAxes = ([height, width]: readonly number[]): number[] => [1, height!, width!, 1];

/** Padding of height and width, as padding of all four axes. */
export const padOverAxes = (pad: readonly (readonly [number, number])[]): (readonly [number, number])[] => [
  [0, 0],
  ...pad,
  [0, 0],
];
