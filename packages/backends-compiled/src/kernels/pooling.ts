import { poolShares } from '@medbench/backend-kit';
import { poolWindow, type WindowInfo } from '@medbench/backend-trace';
import { elementCount } from '@medbench/core';
import type { AvgPoolAttrs } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { TensorType, Value } from '../graph/graph.js';
import type { OnnxRuleTable } from './rule.js';
import { channelsFirst, channelsLast, windowAttributes } from './window.js';

/**
 * Pools `x` `[B, H, W, C]`.
 * @param extraOutputs element types of further outputs of the operator, which have the same shape.
 * @returns the result `[B, C, OH, OW]`, followed by the further outputs.
 */
function pool(
  b: Builder,
  op: string,
  x: Value,
  window: WindowInfo,
  extraOutputs: TensorType['dtype'][] = [],
): readonly Value[] {
  const shape = [window.batchSize, window.outChannels, window.outHeight, window.outWidth];
  const outputs = [x.dtype, ...extraOutputs].map((dtype) => ({ shape, dtype }));
  return b.graph.nodes(op, [channelsFirst(b, x)], outputs, windowAttributes(window));
}

/** Whether the windows tile the image, without gaps or overlaps. */
const tilesImage = (window: WindowInfo): boolean =>
  window.strideHeight === window.filterHeight &&
  window.strideWidth === window.filterWidth &&
  window.outHeight * window.filterHeight === window.inHeight &&
  window.outWidth * window.filterWidth === window.inWidth;

/** The gradient of an average pool: `dy` `[B, OH, OW, C]`, distributed evenly over the inputs `[B, H, W, C]`. */
function averagePoolGradient(b: Builder, dy: Value, window: WindowInfo): Value {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, inChannels, filterHeight, filterWidth } = window;
  const shares = b.constant(poolShares(window), { shape: [1, outHeight, outWidth, 1], dtype: 'float32' });
  const shared = b.mul(dy, shares);
  const inputShape = [batchSize, inHeight, inWidth, inChannels];
  if (tilesImage(window)) {
    const cells = [batchSize, outHeight, 1, outWidth, 1, inChannels];
    return b.reshape(b.expand(b.reshape(shared, cells), cells.with(2, filterHeight).with(4, filterWidth)), inputShape);
  }
  // A transposed convolution with ones spreads each channel of each image separately.
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

/**
 * The gradient of a max pool: each `dy` `[B, OH, OW, C]` is added at its maximum. Of equal maxima, the first counts.
 */
function maxPoolGradient(b: Builder, dy: Value, x: Value, window: WindowInfo): Value {
  const { batchSize, inHeight, inWidth, inChannels } = window;
  const maxIndices = pool(b, 'MaxPool', x, window, ['int64'])[1]!;
  const count = elementCount(dy.shape);
  const shape = [elementCount(x.shape)];
  const updates = b.reshape(channelsFirst(b, dy), [count]);
  const scattered = b.graph.node(
    'ScatterElements',
    [b.graph.splat(0, { shape, dtype: 'float32' }), b.reshape(maxIndices, [count]), updates],
    { shape, dtype: 'float32' },
    { axis: 0, reduction: 'add' },
  );
  return channelsLast(b, b.reshape(scattered, [batchSize, inChannels, inHeight, inWidth]));
}

export const POOLING: OnnxRuleTable = {
  AvgPool: (b, { x }, attrs: AvgPoolAttrs) =>
    channelsLast(b, pool(b, 'AveragePool', x!, poolWindow(x!.shape, attrs))[0]!),
  AvgPoolGrad: (b, { dy, input }, attrs: AvgPoolAttrs) => averagePoolGradient(b, dy!, poolWindow(input!.shape, attrs)),
  MaxPool: (b, { x }, attrs: AvgPoolAttrs) => channelsLast(b, pool(b, 'MaxPool', x!, poolWindow(x!.shape, attrs))[0]!),
  MaxPoolGrad: (b, { dy, input }, attrs: AvgPoolAttrs) =>
    maxPoolGradient(b, dy!, input!, poolWindow(input!.shape, attrs)),
};
