import { normaliseAxes, normaliseAxis } from '@medbench/backend-trace';
import { elementCount } from '@medbench/core';
import type { ArgMaxAttrs, CumsumAttrs, MaxAttrs, SumAttrs, TopKAttrs } from '@tensorflow/tfjs-core';
import type { HloBuilder, Reducer } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import type { HloRule, HloRuleTable } from './rule.js';

const reduce =
  (reducer: Reducer): HloRule =>
  (b, { x }, { axis, keepDims }: SumAttrs) =>
    b.reduce(reducer, x!, normaliseAxes(axis, x!.shape.length), keepDims ?? false);

const extreme =
  (direction: 'GT' | 'LT'): HloRule =>
  (b, { x }, { axis }: ArgMaxAttrs) =>
    b.extreme(direction, x!, normaliseAxis(axis, x!.shape.length));

/** The mean along axes, which are kept. */
export function mean(b: HloBuilder, x: HloValue, axes: readonly number[], keepDims: boolean): HloValue {
  const count = elementCount(axes.map((axis) => x.shape[axis]!));
  return b.scale(b.reduce('add', x, axes, keepDims), 1 / count);
}

/** Sums of all elements up to each one, as sums of a window that ends there. */
function cumulativeSum(b: HloBuilder, x: HloValue, axis: number, exclusive: boolean, reverse: boolean): HloValue {
  const length = x.shape[axis]!;
  const ones = x.shape.map(() => 1);
  // Of the elements before (or, in reverse, after) each one; without the element itself if `exclusive`.
  const reach = length - 1 + (exclusive ? 1 : 0);
  const missing = exclusive ? -1 : 0;
  const pad = x.shape.map(
    (_, one) => (one !== axis ? [0, 0] : reverse ? [missing, reach] : [reach, missing]) as [number, number],
  );
  return b.reduceWindow('add', x, ones.with(axis, length), { stride: ones, pad }, x.shape);
}

export const REDUCTIONS: HloRuleTable = {
  Sum: reduce('add'),
  Prod: reduce('multiply'),
  Min: reduce('minimum'),
  Any: reduce('or'),
  All: reduce('and'),
  Max: (b, { x }, { reductionIndices, keepDims }: MaxAttrs) =>
    b.reduce('maximum', x!, normaliseAxes(reductionIndices, x!.shape.length), keepDims ?? false),
  Mean: (b, { x }, { axis, keepDims }: SumAttrs) =>
    mean(b, b.convert(x!, 'float32'), normaliseAxes(axis, x!.shape.length), keepDims ?? false),
  ArgMax: extreme('GT'),
  ArgMin: extreme('LT'),
  TopK: (b, { x }, { k }: TopKAttrs) => b.topK(x!, k),
  Cumsum: (b, { x }, { axis, exclusive, reverse }: CumsumAttrs) =>
    cumulativeSum(b, x!, normaliseAxis(axis, x!.shape.length), exclusive, reverse),
};
