import { MedbenchError } from '@medbench/core';
import { type AvgPoolAttrs, backend_util, type Conv2DAttrs } from '@tensorflow/tfjs-core';

/** Sizes, strides and padding of a convolution or a pool over `[B, H, W, C]`, as TensorFlow.js computes them. */
export type WindowInfo = backend_util.Conv2DInfo;

export type Shape4D = [number, number, number, number];
const asShape4D = (shape: readonly number[]): Shape4D => [...shape] as Shape4D;

type Sizing = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dimRoundingMode'> & {
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
};

/**
 * The window of a convolution of `[B, H, W, C]` with a filter `[kh, kw, in, out]`; per channel if it is depthwise.
 * @throws MedbenchError('backend') if the channels come first.
 */
export function convolutionWindow(
  x: readonly number[],
  filter: readonly number[],
  sizing: Sizing,
  depthwise = false,
): WindowInfo {
  const { strides, pad, dimRoundingMode, dataFormat, dilations = 1 } = sizing;
  if (dataFormat === 'NCHW') {
    throw new MedbenchError('backend', 'A convolution with channels first (NCHW) cannot be compiled', {
      hint: 'Transpose to channels last (NHWC), which the other backends expect too.',
    });
  }
  const [image, weights] = [asShape4D(x), asShape4D(filter)];
  return backend_util.computeConv2DInfo(image, weights, strides, dilations, pad, dimRoundingMode, depthwise);
}

/** The window of a pool over `[B, H, W, C]`. */
export const poolWindow = (
  x: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: AvgPoolAttrs,
): WindowInfo => backend_util.computePool2DInfo(asShape4D(x), filterSize, strides, 1, pad, dimRoundingMode);
