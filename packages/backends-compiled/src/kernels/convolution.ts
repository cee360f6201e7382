import { convolutionWindow, type Shape4D, type WindowInfo } from '@medbench/backend-trace';
import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
} from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { blockedDepthwise, blockedFilterGradient, blockedInputGradient, fitsBlocks } from './blocked.js';
import type { OnnxRuleTable } from './rule.js';
import { channelsFirst, channelsLast, windowAttributes } from './window.js';

const convolutionAttributes = (window: WindowInfo, group: number): Record<string, number | number[]> => ({
  ...windowAttributes(window),
  dilations: [window.dilationHeight, window.dilationWidth],
  group,
});

/**
 * A convolution of `x` `[B, H, W, in]` with `weights` `[out, in / group, kh, kw]`; the result is `[B, OH, OW, out]`.
 */
function convolve(b: Builder, x: Value, weights: Value, window: WindowInfo, group = 1): Value {
  const shape = [window.batchSize, window.outChannels, window.outHeight, window.outWidth];
  const inputs = [channelsFirst(b, x), weights];
  return channelsLast(
    b,
    b.graph.node('Conv', inputs, { shape, dtype: 'float32' }, convolutionAttributes(window, group)),
  );
}

/** The gradient by the input, `[B, H, W, in]`. `dy` `[B, OH, OW, out]`, `weights` as in `convolve`. */
function inputGradient(b: Builder, dy: Value, weights: Value, window: WindowInfo, group = 1): Value {
  const { padInfo, effectiveFilterHeight, effectiveFilterWidth } = window;
  const shape = [window.batchSize, window.inChannels, window.inHeight, window.inWidth];
  const pads = [
    window.filterHeight - 1 - padInfo.top,
    window.filterWidth - 1 - padInfo.left,
    window.filterHeight - 1 - padInfo.bottom,
    window.filterWidth - 1 - padInfo.right,
  ];
  // One filter per channel needs no exchange of inputs and outputs when it is rotated.
  const perChannel = group > 1 && group === window.outChannels;
  const steps = window.strideHeight * window.strideWidth;
  if ((group === 1 || perChannel) && steps === 1 && pads.every((side) => side >= 0)) {
    // A convolution with the filter rotated by 180 degrees takes up to a third less time than ConvTranspose; per channel,
    // a sixth of it.
    const lastElement = [0, 0, window.filterHeight - 1, window.filterWidth - 1];
    const flipped = b.slice(weights, lastElement, weights.shape, [1, 1, -1, -1]);
    const rotated = perChannel ? flipped : b.transpose(flipped, [1, 0, 2, 3]);
    const attributes = { ...convolutionAttributes(window, group), pads };
    return channelsLast(
      b,
      b.graph.node('Conv', [channelsFirst(b, dy), rotated], { shape, dtype: 'float32' }, attributes),
    );
  }
  // The last rows and columns that the strides never reached have the gradient zero, but belong to the result.
  const reachedHeight = (window.outHeight - 1) * window.strideHeight + effectiveFilterHeight;
  const reachedWidth = (window.outWidth - 1) * window.strideWidth + effectiveFilterWidth;
  const output_padding = [
    window.inHeight + padInfo.top + padInfo.bottom - reachedHeight,
    window.inWidth + padInfo.left + padInfo.right - reachedWidth,
  ];
  const inputs = [channelsFirst(b, dy), weights];
  const attributes = { ...convolutionAttributes(window, group), output_padding };
  return channelsLast(b, b.graph.node('ConvTranspose', inputs, { shape, dtype: 'float32' }, attributes));
}

/** For each element of the filter, in row-major order, the inputs that it multiplies: `[B, OH, OW, C]`. */
function taps(b: Builder, x: Value, window: WindowInfo): Value[] {
  const { padInfo, strideHeight, strideWidth, outHeight, outWidth, batchSize, inChannels } = window;
  const { top, bottom, left, right } = padInfo;
  let padded = x;
  if (top + bottom + left + right > 0) {
    const shape = [batchSize, window.inHeight + top + bottom, window.inWidth + left + right, inChannels];
    const sides = b.graph.integers([0, top, left, 0, 0, bottom, right, 0]);
    padded = b.graph.node('Pad', [x, sides, b.scalar(0, 'float32')], { shape, dtype: 'float32' });
  }
  const size = [batchSize, outHeight, outWidth, inChannels];
  const step = strideHeight === 1 && strideWidth === 1 ? undefined : [1, strideHeight, strideWidth, 1];
  return Array.from({ length: window.filterHeight * window.filterWidth }, (_, tap) => {
    const row = Math.floor(tap / window.filterWidth) * window.dilationHeight;
    const column = (tap % window.filterWidth) * window.dilationWidth;
    return b.slice(padded, [0, row, column, 0], size, step);
  });
}

/**
 * The gradient by the filter `[kh, kw, in, out]`, computed as one matrix product over all positions per filter element.
 * As a convolution of the input with `dy`, it would need a filter as large as the image, for which backends are not
 * optimized.
 */
function filterGradient(b: Builder, x: Value, dy: Value, window: WindowInfo): Value {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = window;
  const rows = batchSize * outHeight * outWidth;
  const right = b.reshape(dy, [rows, outChannels]);
  const products = taps(b, x, window).map((tap) => b.matMul(b.reshape(tap, [rows, inChannels]), right, true, false));
  return b.reshape(b.concat(products, 0), [filterHeight, filterWidth, inChannels, outChannels]);
}

/** The gradient by a depthwise filter `[kh, kw, in, multiplier]`. */
function depthwiseFilterGradient(b: Builder, x: Value, dy: Value, window: WindowInfo): Value {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = window;
  const rows = batchSize * outHeight * outWidth;
  const multiplier = outChannels / inChannels;
  const right = b.reshape(dy, [rows, inChannels, multiplier]);
  const sums = taps(b, x, window).map((tap) =>
    b.reduce('ReduceSum', b.mul(b.reshape(tap, [rows, inChannels, 1]), right), [0], false),
  );
  return b.reshape(b.concat(sums, 0), [filterHeight, filterWidth, inChannels, multiplier]);
}

/** A filter `[kh, kw, in, out]` in the layout of ONNX, `[out, in, kh, kw]`. */
const toOnnxWeights = (b: Builder, filter: Value): Value => b.transpose(filter, [3, 2, 0, 1]);

/** A depthwise filter `[kh, kw, in, multiplier]` in the layout of ONNX, `[in * multiplier, 1, kh, kw]`. */
function toOnnxDepthwiseWeights(b: Builder, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as Shape4D;
  return b.reshape(b.transpose(filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

export const CONVOLUTION: OnnxRuleTable = {
  Conv2D: (b, { x, filter }, attrs: Conv2DAttrs) =>
    convolve(b, x!, toOnnxWeights(b, filter!), convolutionWindow(x!.shape, filter!.shape, attrs)),
  Conv2DBackpropInput: (b, { dy, filter }, attrs: Conv2DBackpropInputAttrs) =>
    inputGradient(b, dy!, toOnnxWeights(b, filter!), convolutionWindow(attrs.inputShape, filter!.shape, attrs)),
  Conv2DBackpropFilter: (b, { x, dy }, attrs: Conv2DBackpropFilterAttrs) =>
    filterGradient(b, x!, dy!, convolutionWindow(x!.shape, attrs.filterShape, attrs)),
  DepthwiseConv2dNative: (b, { x, filter }, attrs: DepthwiseConv2dNativeAttrs) => {
    const window = convolutionWindow(x!.shape, filter!.shape, attrs, true);
    if (fitsBlocks(b, window)) return blockedDepthwise(b, x!, filter!, window);
    return convolve(b, x!, toOnnxDepthwiseWeights(b, filter!), window, window.inChannels);
  },
  DepthwiseConv2dNativeBackpropInput: (b, { dy, filter }, attrs: DepthwiseConv2dNativeBackpropInputAttrs) => {
    const window = convolutionWindow(attrs.inputShape, filter!.shape, attrs, true);
    const blocked = fitsBlocks(b, window) ? blockedInputGradient(b, dy!, filter!, window) : undefined;
    return blocked ?? inputGradient(b, dy!, toOnnxDepthwiseWeights(b, filter!), window, window.inChannels);
  },
  DepthwiseConv2dNativeBackpropFilter: (b, { x, dy }, attrs: DepthwiseConv2dNativeBackpropFilterAttrs) => {
    const window = convolutionWindow(x!.shape, attrs.filterShape, attrs, true);
    const blocked = fitsBlocks(b, window) ? blockedFilterGradient(b, x!, dy!, window) : undefined;
    return blocked ?? depthwiseFilterGradient(b, x!, dy!, window);
  },
};
