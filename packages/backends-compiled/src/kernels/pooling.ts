import { poolShares } from '@medbench/backend-kit';
import { elementCount } from '@medbench/core';
import { type AvgPoolAttrs, backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Shaped, Value } from '../graph/graph.js';
import type { RuleTable } from './rule.js';
import { channelsFirst, channelsLast, four, type Window, windowAttributes } from './window.js';

const windowOf = (x: Value, { filterSize, strides, pad, dimRoundingMode }: AvgPoolAttrs): Window =>
  backend_util.computePool2DInfo(four(x.shape), filterSize, strides, 1, pad, dimRoundingMode);

/** A pool of `x` `[B, H, W, C]`; the result `[B, C, OH, OW]`, and with it what else the operator gives, of the same shape. */
function pool(b: Builder, op: string, x: Value, window: Window, more: Shaped['dtype'][] = []): readonly Value[] {
  const shape = [window.batchSize, window.outChannels, window.outHeight, window.outWidth];
  const outputs = [x.dtype, ...more].map((dtype) => ({ shape, dtype }));
  return b.graph.nodes(op, [channelsFirst(b, x)], outputs, windowAttributes(window));
}

/** Whether the windows tile the image. */
const tiles = (window: Window): boolean =>
  window.strideHeight === window.filterHeight &&
  window.strideWidth === window.filterWidth &&
  window.outHeight * window.filterHeight === window.inHeight &&
  window.outWidth * window.filterWidth === window.inWidth;

/** The gradient of an average pool: `dy` `[B, OH, OW, C]` shared out to `[B, H, W, C]`. */
function sharedOut(b: Builder, dy: Value, window: Window): Value {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, inChannels, filterHeight, filterWidth } = window;
  const shares = b.constant(poolShares(window), { shape: [1, outHeight, outWidth, 1], dtype: 'float32' });
  const shared = b.mul(dy, shares);
  const whole = [batchSize, inHeight, inWidth, inChannels];
  if (tiles(window)) {
    const cells = [batchSize, outHeight, 1, outWidth, 1, inChannels];
    return b.reshape(b.expand(b.reshape(shared, cells), cells.with(2, filterHeight).with(4, filterWidth)), whole);
  }
  // Each channel of each image by itself, through a transposed convolution by ones.
  const { padInfo, strideHeight, strideWidth } = window;
  const planes = batchSize * inChannels;
  const grid = b.reshape(channelsFirst(b, shared), [planes, 1, outHeight, outWidth]);
  const ones = b.graph.splat(1, { shape: [1, 1, filterHeight, filterWidth], dtype: 'float32' });
  const output_padding = [
    inHeight + padInfo.top + padInfo.bottom - ((outHeight - 1) * strideHeight + filterHeight),
    inWidth + padInfo.left + padInfo.right - ((outWidth - 1) * strideWidth + filterWidth),
  ];
  const shape = [planes, 1, inHeight, inWidth];
  const attributes = { ...windowAttributes(window), output_padding };
  const spread = b.graph.node('ConvTranspose', [grid, ones], { shape, dtype: 'float32' }, attributes);
  return channelsLast(b, b.reshape(spread, [batchSize, inChannels, inHeight, inWidth]));
}

/** The gradient of a max pool: `dy` `[B, OH, OW, C]` added up where the maxima, of equal ones the first, came from. */
function toMaxima(b: Builder, dy: Value, x: Value, window: Window): Value {
  const { batchSize, inHeight, inWidth, inChannels } = window;
  const places = pool(b, 'MaxPool', x, window, ['int64'])[1]!;
  const count = elementCount(dy.shape);
  const shape = [elementCount(x.shape)];
  const updates = b.reshape(channelsFirst(b, dy), [count]);
  const scattered = b.graph.node(
    'ScatterElements',
    [b.graph.splat(0, { shape, dtype: 'float32' }), b.reshape(places, [count]), updates],
    { shape, dtype: 'float32' },
    { axis: 0, reduction: 'add' },
  );
  return channelsLast(b, b.reshape(scattered, [batchSize, inChannels, inHeight, inWidth]));
}

export const POOLING: RuleTable = {
  AvgPool: (b, { x }, attrs: AvgPoolAttrs) => channelsLast(b, pool(b, 'AveragePool', x!, windowOf(x!, attrs))[0]!),
  AvgPoolGrad: (b, { dy, input }, attrs: AvgPoolAttrs) => sharedOut(b, dy!, windowOf(input!, attrs)),
  MaxPool: (b, { x }, attrs: AvgPoolAttrs) => channelsLast(b, pool(b, 'MaxPool', x!, windowOf(x!, attrs))[0]!),
  MaxPoolGrad: (b, { dy, input }, attrs: AvgPoolAttrs) => toMaxima(b, dy!, input!, windowOf(input!, attrs)),
};
