import type { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

/** Sizes, strides and padding of a convolution or a pool over `[B, H, W, C]`, as TensorFlow.js works them out. */
export type Window = backend_util.Conv2DInfo;

export type Four = [number, number, number, number];
export const four = (shape: readonly number[]): Four => [...shape] as Four;

/** ONNX has the channels first, TensorFlow.js last. Transposes that meet are joined, here or by ONNX Runtime. */
export const channelsFirst = (b: Builder, x: Value): Value => b.transpose(x, [0, 3, 1, 2]);
export const channelsLast = (b: Builder, x: Value): Value => b.transpose(x, [0, 2, 3, 1]);

/** The attributes that ONNX's convolutions and pools have in common. */
export const windowAttributes = ({ padInfo, ...window }: Window): Record<string, number[]> => ({
  kernel_shape: [window.filterHeight, window.filterWidth],
  strides: [window.strideHeight, window.strideWidth],
  pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
});
