import { MedbenchError } from '@medbench/core';
import {
  backend_util,
  type Conv2DAttrs,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs,
  type DepthwiseConv2dNativeAttrs,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
} from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { RuleTable } from './rule.js';
import { channelsFirst, channelsLast, type Four, four, type Window, windowAttributes } from './window.js';

type Sizing = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dimRoundingMode'> & {
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
};

/** The window of a convolution of `[B, H, W, C]` by a filter `[kh, kw, in, out]`; by channel if it is depthwise. */
function windowOf(x: readonly number[], filter: readonly number[], sizing: Sizing, depthwise = false): Window {
  const { strides, pad, dimRoundingMode, dataFormat, dilations = 1 } = sizing;
  if (dataFormat === 'NCHW') {
    throw new MedbenchError('backend', 'A convolution with the channels first (NCHW) cannot be compiled', {
      hint: 'Transpose to the channels last, as the other backends want them too.',
    });
  }
  return backend_util.computeConv2DInfo(four(x), four(filter), strides, dilations, pad, dimRoundingMode, depthwise);
}

const attributesOf = (window: Window, group: number): Record<string, number | number[]> => ({
  ...windowAttributes(window),
  dilations: [window.dilationHeight, window.dilationWidth],
  group,
});

/** `x` `[B, H, W, in]`, `weights` `[out, in / group, kh, kw]`; the result `[B, OH, OW, out]`. */
function convolve(b: Builder, x: Value, weights: Value, window: Window, group = 1): Value {
  const shape = [window.batchSize, window.outChannels, window.outHeight, window.outWidth];
  const inputs = [channelsFirst(b, x), weights];
  return channelsLast(b, b.graph.node('Conv', inputs, { shape, dtype: 'float32' }, attributesOf(window, group)));
}

/** The gradient by the input `[B, H, W, in]`. `dy` `[B, OH, OW, out]`, `weights` as of the convolution. */
function inputGradient(b: Builder, dy: Value, weights: Value, window: Window, group = 1): Value {
  const { padInfo, effectiveFilterHeight, effectiveFilterWidth } = window;
  const shape = [window.batchSize, window.inChannels, window.inHeight, window.inWidth];
  const around = [
    window.filterHeight - 1 - padInfo.top,
    window.filterWidth - 1 - padInfo.left,
    window.filterHeight - 1 - padInfo.bottom,
    window.filterWidth - 1 - padInfo.right,
  ];
  if (group === 1 && window.strideHeight * window.strideWidth === 1 && around.every((side) => side >= 0)) {
    // A convolution by the filter turned around, which takes up to a third less time than ConvTranspose.
    const last = [0, 0, window.filterHeight - 1, window.filterWidth - 1];
    const turned = b.transpose(b.slice(weights, last, weights.shape, [1, 1, -1, -1]), [1, 0, 2, 3]);
    const attributes = { ...attributesOf(window, group), pads: around };
    return channelsLast(
      b,
      b.graph.node('Conv', [channelsFirst(b, dy), turned], { shape, dtype: 'float32' }, attributes),
    );
  }
  // What the strides left over at the end has no gradient, but has to be there.
  const reachedHeight = (window.outHeight - 1) * window.strideHeight + effectiveFilterHeight;
  const reachedWidth = (window.outWidth - 1) * window.strideWidth + effectiveFilterWidth;
  const output_padding = [
    window.inHeight + padInfo.top + padInfo.bottom - reachedHeight,
    window.inWidth + padInfo.left + padInfo.right - reachedWidth,
  ];
  const inputs = [channelsFirst(b, dy), weights];
  const attributes = { ...attributesOf(window, group), output_padding };
  return channelsLast(b, b.graph.node('ConvTranspose', inputs, { shape, dtype: 'float32' }, attributes));
}

/** For each element of the filter, row by row, the inputs that it meets: `[B, OH, OW, C]`. */
function taps(b: Builder, x: Value, window: Window): Value[] {
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
 * The gradient by the filter `[kh, kw, in, out]`: for each of its elements one product over all positions. As a convolution
 * of the input by `dy` it would have a filter as large as the image, for which backends are not made.
 */
function filterGradient(b: Builder, x: Value, dy: Value, window: Window): Value {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = window;
  const rows = batchSize * outHeight * outWidth;
  const right = b.reshape(dy, [rows, outChannels]);
  const products = taps(b, x, window).map((tap) => b.matMul(b.reshape(tap, [rows, inChannels]), right, true, false));
  return b.reshape(b.concat(products, 0), [filterHeight, filterWidth, inChannels, outChannels]);
}

/** The same for a filter `[kh, kw, in, multiplier]` that keeps the channels apart. */
function depthwiseFilterGradient(b: Builder, x: Value, dy: Value, window: Window): Value {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = window;
  const rows = batchSize * outHeight * outWidth;
  const multiplier = outChannels / inChannels;
  const right = b.reshape(dy, [rows, inChannels, multiplier]);
  const sums = taps(b, x, window).map((tap) =>
    b.reduce('ReduceSum', b.mul(b.reshape(tap, [rows, inChannels, 1]), right), [0], false),
  );
  return b.reshape(b.concat(sums, 0), [filterHeight, filterWidth, inChannels, multiplier]);
}

/** A filter `[kh, kw, in, out]` as ONNX has it. */
const weightsOf = (b: Builder, filter: Value): Value => b.transpose(filter, [3, 2, 0, 1]);

/** A filter `[kh, kw, in, multiplier]` as `[in * multiplier, 1, kh, kw]`. */
function depthwiseWeightsOf(b: Builder, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as Four;
  return b.reshape(b.transpose(filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

export const CONVOLUTION: RuleTable = {
  Conv2D: (b, { x, filter }, attrs: Conv2DAttrs) =>
    convolve(b, x!, weightsOf(b, filter!), windowOf(x!.shape, filter!.shape, attrs)),
  Conv2DBackpropInput: (b, { dy, filter }, attrs: Conv2DBackpropInputAttrs) =>
    inputGradient(b, dy!, weightsOf(b, filter!), windowOf(attrs.inputShape, filter!.shape, attrs)),
  Conv2DBackpropFilter: (b, { x, dy }, attrs: Conv2DBackpropFilterAttrs) =>
    filterGradient(b, x!, dy!, windowOf(x!.shape, attrs.filterShape, attrs)),
  DepthwiseConv2dNative: (b, { x, filter }, attrs: DepthwiseConv2dNativeAttrs) => {
    const window = windowOf(x!.shape, filter!.shape, attrs, true);
    return convolve(b, x!, depthwiseWeightsOf(b, filter!), window, window.inChannels);
  },
  DepthwiseConv2dNativeBackpropInput: (b, { dy, filter }, attrs: DepthwiseConv2dNativeBackpropInputAttrs) => {
    const window = windowOf(attrs.inputShape, filter!.shape, attrs, true);
    return inputGradient(b, dy!, depthwiseWeightsOf(b, filter!), window, window.inChannels);
  },
  DepthwiseConv2dNativeBackpropFilter: (b, { x, dy }, attrs: DepthwiseConv2dNativeBackpropFilterAttrs) =>
    depthwiseFilterGradient(b, x!, dy!, windowOf(x!.shape, attrs.filterShape, attrs, true)),
};
