import { convolutionWindow, type Shape4D, type WindowInfo } from '@medbench/backend-trace';
import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
} from '@tensorflow/tfjs-core';
import type { HloBuilder, Window } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import type { HloRuleTable } from './rule.js';
import { padding, strides } from './window.js';

const dilations = ({ dilationHeight, dilationWidth }: WindowInfo): number[] => [dilationHeight, dilationWidth];
const inputShape = (info: WindowInfo): Shape4D => [info.batchSize, info.inHeight, info.inWidth, info.inChannels];
const outputShape = (info: WindowInfo): Shape4D => [info.batchSize, info.outHeight, info.outWidth, info.outChannels];

/** Axes of image, filter `[kh, kw, in, out]` and result. */
const LAYOUT = '[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]';

/** A convolution of `x` `[B, H, W, in]`; the result is `[B, OH, OW, out]`. */
function convolve(b: HloBuilder, x: HloValue, filter: HloValue, info: WindowInfo, groups = 1): HloValue {
  const window: Window = { stride: strides(info), pad: padding(info), windowDilation: dilations(info) };
  return b.convolution(x, filter, LAYOUT, window, outputShape(info), { features: groups });
}

/**
 * The gradient by the input `[B, H, W, in]`: a convolution of `dy` `[B, OH, OW, out]`, spread by the strides, with the
 * filter rotated by 180 degrees.
 * @param filter `[kh, kw, in / groups, out]`, read with its last two axes exchanged.
 */
function inputGradient(b: HloBuilder, dy: HloValue, filter: HloValue, info: WindowInfo, groups = 1): HloValue {
  const sizes = [info.effectiveFilterHeight, info.effectiveFilterWidth];
  const sides = [info.inHeight, info.inWidth];
  const spread = [(info.outHeight - 1) * info.strideHeight + 1, (info.outWidth - 1) * info.strideWidth + 1];
  const pad = padding(info).map(([before], i): [number, number] => {
    const low = sizes[i]! - 1 - before;
    return [low, sides[i]! + sizes[i]! - 1 - low - spread[i]!];
  });
  const window: Window = { stride: [1, 1], pad, operandDilation: strides(info), windowDilation: dilations(info) };
  const layout = '[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]';
  return b.convolution(dy, b.reverse(filter, [0, 1]), layout, window, inputShape(info), { features: groups });
}

/**
 * The gradient by the filter: a convolution of the image with `dy` as its filter, where examples take the place of
 * channels.
 * @param groups number of input channels of a depthwise filter, else 1.
 */
function filterGradient(b: HloBuilder, x: HloValue, dy: HloValue, info: WindowInfo, groups = 1): HloValue {
  const [steps, spacing] = [strides(info), dilations(info)];
  const sides = [info.inHeight, info.inWidth];
  const out = [info.outHeight, info.outWidth];
  const size = [info.filterHeight, info.filterWidth];
  const pad = padding(info).map(([before], i): [number, number] => {
    const reach = (size[i]! - 1) * spacing[i]! + (out[i]! - 1) * steps[i]! + 1;
    return [before, reach - sides[i]! - before];
  });
  const window: Window = { stride: spacing, pad, windowDilation: steps };
  const layout = '[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]';
  const shape = [...size, info.inChannels / groups, info.outChannels];
  return b.convolution(x, dy, layout, window, shape, { batch: groups });
}

/** A depthwise filter `[kh, kw, in, multiplier]` as `[kh, kw, 1, in * multiplier]`. */
function asGrouped(b: HloBuilder, filter: HloValue): HloValue {
  const [height, width, channels, multiplier] = filter.shape as Shape4D;
  return b.reshape(filter, [height, width, 1, channels * multiplier]);
}

export const CONVOLUTION: HloRuleTable = {
  Conv2D: (b, { x, filter }, attrs: Conv2DAttrs) =>
    convolve(b, x!, filter!, convolutionWindow(x!.shape, filter!.shape, attrs)),
  Conv2DBackpropInput: (b, { dy, filter }, attrs: Conv2DBackpropInputAttrs) =>
    inputGradient(b, dy!, filter!, convolutionWindow(attrs.inputShape, filter!.shape, attrs)),
  Conv2DBackpropFilter: (b, { x, dy }, attrs: Conv2DBackpropFilterAttrs) =>
    filterGradient(b, x!, dy!, convolutionWindow(x!.shape, attrs.filterShape, attrs)),
  DepthwiseConv2dNative: (b, { x, filter }, attrs: DepthwiseConv2dNativeAttrs) => {
    const info = convolutionWindow(x!.shape, filter!.shape, attrs, true);
    return convolve(b, x!, asGrouped(b, filter!), info, info.inChannels);
  },
  // Read with the last two axes exchanged, the filter has `multiplier` inputs and one output for each channel.
  DepthwiseConv2dNativeBackpropInput: (b, { dy, filter }, attrs: DepthwiseConv2dNativeBackpropInputAttrs) => {
    const info = convolutionWindow(attrs.inputShape, filter!.shape, attrs, true);
    return inputGradient(b, dy!, filter!, info, info.inChannels);
  },
  DepthwiseConv2dNativeBackpropFilter: (b, { x, dy }, attrs: DepthwiseConv2dNativeBackpropFilterAttrs) => {
    const info = convolutionWindow(x!.shape, attrs.filterShape, attrs, true);
    return b.reshape(filterGradient(b, x!, dy!, info, info.inChannels), attrs.filterShape);
  },
};
