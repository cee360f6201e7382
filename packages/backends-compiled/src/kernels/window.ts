import type { WindowInfo } from '@medbench/backend-trace';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

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
