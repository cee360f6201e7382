import { poolShares } from '@medbench/backend-kit';
import { poolWindow, type WindowInfo } from '@medbench/backend-trace';
import type { AvgPoolAttrs } from '@tensorflow/tfjs-core';
import type { HloBuilder, Reducer } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import type { HloRuleTable } from './rule.js';
import { overAxes, padding, padOverAxes, strides } from './window.js';

const windowSize = ({ filterHeight, filterWidth }: WindowInfo): number[] => overAxes([filterHeight, filterWidth]);

/** Reduces the windows of `x` `[B, H, W, C]` to `[B, OH, OW, C]`. */
function pool(b: HloBuilder, reducer: Reducer, x: HloValue, info: WindowInfo): HloValue {
  const window = { stride: overAxes(strides(info)), pad: padOverAxes(padding(info)) };
  return b.reduceWindow(reducer, x, windowSize(info), window, info.outShape);
}

/** 1 / (number of elements that each window covers), `[1, OH, OW, 1]`. */
const shares = (b: HloBuilder, info: WindowInfo): HloValue =>
  b.constant(poolShares(info), { shape: [1, info.outHeight, info.outWidth, 1], dtype: 'float32' });

/** The gradient of an average pool: each `dy` `[B, OH, OW, C]`, divided evenly over the elements of its window. */
function averagePoolGradient(b: HloBuilder, dy: HloValue, info: WindowInfo): HloValue {
  const size = [info.filterHeight, info.filterWidth];
  const sides = [info.inHeight, info.inWidth];
  const spread = [(info.outHeight - 1) * info.strideHeight + 1, (info.outWidth - 1) * info.strideWidth + 1];
  const pad = padding(info).map(([before], i): [number, number] => {
    const low = size[i]! - 1 - before;
    return [low, sides[i]! + size[i]! - 1 - low - spread[i]!];
  });
  const window = { stride: [1, 1, 1, 1], pad: padOverAxes(pad), operandDilation: overAxes(strides(info)) };
  return b.reduceWindow('add', b.mul(dy, shares(b, info)), overAxes(size), window, info.inShape);
}

/**
 * The gradient of a max pool: each `dy` `[B, OH, OW, C]` is added at its maximum. Of equal maxima, the first counts.
 */
function maxPoolGradient(b: HloBuilder, dy: HloValue, x: HloValue, info: WindowInfo): HloValue {
  // Padded and cut apart from the scatter, whose own padding not every plugin has.
  const pad = padding(info);
  const padded = b.pad(x, padOverAxes(pad), Number.NEGATIVE_INFINITY);
  const scattered = b.scatterToLargest(padded, dy, windowSize(info), overAxes(strides(info)));
  return b.slice(
    scattered,
    overAxes(pad.map(([before]) => before))
      .with(0, 0)
      .with(3, 0),
    x.shape,
  );
}

export const POOLING: HloRuleTable = {
  AvgPool: (b, { x }, attrs: AvgPoolAttrs) => {
    const info = poolWindow(x!.shape, attrs);
    return b.mul(pool(b, 'add', x!, info), shares(b, info));
  },
  AvgPoolGrad: (b, { dy, input }, attrs: AvgPoolAttrs) => averagePoolGradient(b, dy!, poolWindow(input!.shape, attrs)),
  MaxPool: (b, { x }, attrs: AvgPoolAttrs) => pool(b, 'maximum', x!, poolWindow(x!.shape, attrs)),
  MaxPoolGrad: (b, { dy, input }, attrs: AvgPoolAttrs) =>
    maxPoolGradient(b, dy!, input!, poolWindow(input!.shape, attrs)),
};
