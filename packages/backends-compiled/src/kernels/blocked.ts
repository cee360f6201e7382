import type { WindowInfo } from '@medbench/backend-trace';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { BLOCKED } from '../graph/protobuf.js';

// ONNX Runtime's convolution copies all inputs of each result, which for one filter per channel costs more than the sums.
// Its own layout, in which blocks of 8 or 16 channels are innermost (NCHWc), has direct convolutions, a tenth of the time.
// Values in that layout have the shape of ONNX, [B, C, H, W].

/** Number of channels that every block size of ONNX Runtime divides. */
const CHANNELS = 16;

/** Whether a depthwise convolution can be computed on blocks of channels. */
export const fitsBlocks = (b: Builder, { inChannels, outChannels }: WindowInfo): boolean =>
  b.blocked && inChannels === outChannels && inChannels % CHANNELS === 0;

/** `[B, H, W, C]` to blocks. */
function toBlocks(b: Builder, x: Value): Value {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const like = { shape: [batch, channels, height, width], dtype: 'float32' } as const;
  return b.graph.node('ReorderInput', [x], like, { channels_last: 1 }, BLOCKED);
}

/** The inverse of `toBlocks`. */
function fromBlocks(b: Builder, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const like = { shape: [batch, height, width, channels], dtype: 'float32' } as const;
  return b.graph.node('ReorderOutput', [x], like, { channels, channels_last: 1 }, BLOCKED);
}

/** Rows and columns of padding, or one of the pairs below. */
type Pair = readonly [height: number, width: number];

/** A convolution of blocks with one filter per channel. `x` `[B, C, H, W]`, `filters` `[C, 1, kh, kw]`. */
function convolve(
  b: Builder,
  x: Value,
  filters: Value,
  sizes: { readonly before: Pair; readonly after: Pair; readonly strides: Pair; readonly dilations: Pair },
  [height, width]: Pair,
): Value {
  const [batch, channels] = x.shape as [number, number];
  const attributes = {
    kernel_shape: filters.shape.slice(2),
    pads: [...sizes.before, ...sizes.after],
    strides: [...sizes.strides],
    dilations: [...sizes.dilations],
    group: channels,
  };
  const like = { shape: [batch, channels, height, width], dtype: 'float32' } as const;
  return b.graph.node('Conv', [x, filters], like, attributes, BLOCKED);
}

/** A filter `[kh, kw, C, 1]` for `convolve`: its blocks are those of one image of its size. */
function toFilters(b: Builder, filter: Value): Value {
  const [height, width, channels] = filter.shape as [number, number, number];
  return b.reshape(toBlocks(b, b.reshape(filter, [1, height, width, channels])), [channels, 1, height, width]);
}

const strides = (window: WindowInfo): Pair => [window.strideHeight, window.strideWidth];
const dilations = (window: WindowInfo): Pair => [window.dilationHeight, window.dilationWidth];
const before = ({ padInfo }: WindowInfo): Pair => [padInfo.top, padInfo.left];

/** A depthwise convolution. `x` `[B, H, W, C]`, `filter` `[kh, kw, C, 1]`. @returns `[B, OH, OW, C]`. */
export function blockedDepthwise(b: Builder, x: Value, filter: Value, window: WindowInfo): Value {
  const after: Pair = [window.padInfo.bottom, window.padInfo.right];
  const sizes = { before: before(window), after, strides: strides(window), dilations: dilations(window) };
  const result = convolve(b, toBlocks(b, x), toFilters(b, filter), sizes, [window.outHeight, window.outWidth]);
  return fromBlocks(b, result);
}

/**
 * The gradient by the input `[B, H, W, C]`: a convolution with the filter rotated by 180 degrees.
 * @returns undefined if the filter moves by more than one step, or the padding is larger than the filter.
 */
export function blockedInputGradient(b: Builder, dy: Value, filter: Value, window: WindowInfo): Value | undefined {
  const { padInfo, effectiveFilterHeight, effectiveFilterWidth, filterHeight, filterWidth } = window;
  const [reachDown, reachRight] = [effectiveFilterHeight - 1, effectiveFilterWidth - 1];
  const sizes = {
    before: [reachDown - padInfo.top, reachRight - padInfo.left],
    after: [reachDown - padInfo.bottom, reachRight - padInfo.right],
    strides: [1, 1],
    dilations: dilations(window),
  } as const;
  if (strides(window).some((step) => step > 1) || [...sizes.before, ...sizes.after].some((side) => side < 0))
    return undefined;
  const last = [filterHeight - 1, filterWidth - 1, 0, 0];
  const rotated = b.slice(filter, last, filter.shape, [-1, -1, 1, 1]);
  return fromBlocks(b, convolve(b, toBlocks(b, dy), toFilters(b, rotated), sizes, [window.inHeight, window.inWidth]));
}

/**
 * The gradient by the filter `[kh, kw, C, 1]`: a convolution of each channel of each image with that of `dy` as its filter,
 * and the sum over the images. Steps and dilation change places.
 * @returns undefined if rows or columns are left over, which this convolution would read.
 */
export function blockedFilterGradient(b: Builder, x: Value, dy: Value, window: WindowInfo): Value | undefined {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, inChannels } = window;
  const after = [
    (outHeight - 1) * window.strideHeight + window.effectiveFilterHeight - inHeight - window.padInfo.top,
    (outWidth - 1) * window.strideWidth + window.effectiveFilterWidth - inWidth - window.padInfo.left,
  ] as const;
  if (after.some((side) => side < 0)) return undefined;
  const planes = batchSize * inChannels;
  const images = b.reshape(toBlocks(b, x), [1, planes, inHeight, inWidth]);
  const filters = b.reshape(toBlocks(b, dy), [planes, 1, outHeight, outWidth]);
  const sizes = { before: before(window), after, strides: dilations(window), dilations: strides(window) };
  const byImage = convolve(b, images, filters, sizes, [filterHeight, filterWidth]);
  const rows = fromBlocks(b, b.reshape(byImage, [batchSize, inChannels, filterHeight, filterWidth]));
  return b.reshape(b.reduce('ReduceSum', rows, [0], false), [filterHeight, filterWidth, inChannels, 1]);
}
