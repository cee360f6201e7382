import type { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

/** Sizes, strides and padding of a convolution or a pool over `[B, H, W, C]`, as TensorFlow.js computes them. */
export type WindowInfo = backend_util.Conv2DInfo;

export type Shape4D = [number, number, number, number];
export const asShape4D = (shape: readonly number[]): Shape4D => [...shape] as Shape4D;

/**
 * `[B, H, W, C]`, the layout of TensorFlow.js, to `[B, C, H, W]`, the layout of ONNX. Adjacent transposes are merged.
 */
export const channelsFirst = (b: Builder, x: Value): Value => b.transpose(x, [0, 3, 1, 2]);
/** The inverse of `channelsFirst`. */
export const channelsLast = (b: Builder, x: Value): Value => b.transpose(x, [0, 2, 3, 1]);

/** The attributes that ONNX's convolutions and pools share. */
export const windowAttributes = ({ padInfo, ...window }: WindowInfo): Record<string, number[]> => ({
  kernel_shape: [window.filterHeight, window.filterWidth],
  strides: [window.strideHeight, window.strideWidth],
  pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
});
