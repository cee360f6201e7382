import { elementCount } from '@medbench/core';
import type { GatherV2Attrs, ScatterNdAttrs, UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import type { HloRuleTable } from './rule.js';

/**
 * Converts index tuples `[n, k]` to row numbers `[n]`, for a tensor whose first `k` axes, of lengths `sides`, are
 * flattened into one.
 */
function flatIds(b: HloBuilder, indices: HloValue, sides: readonly number[]): HloValue {
  const strides = sides.map((_, axis) => elementCount(sides.slice(axis + 1)));
  const weights = b.constant(Int32Array.from(strides), { shape: [sides.length], dtype: 'int32' });
  return b.reduce('add', b.mul(indices, weights), [1]);
}

function gatherNd(b: HloBuilder, params: HloValue, indices: HloValue): HloValue {
  const depth = indices.shape.at(-1)!;
  const outer = indices.shape.slice(0, -1);
  const ids = flatIds(b, b.reshape(indices, [elementCount(outer), depth]), params.shape.slice(0, depth));
  const inner = params.shape.slice(depth);
  const rows = b.reshape(params, [elementCount(params.shape.slice(0, depth)), ...inner]);
  return b.reshape(b.gather(rows, ids, 0), [...outer, ...inner]);
}

function scatterNd(b: HloBuilder, indices: HloValue, updates: HloValue, shape: readonly number[]): HloValue {
  const depth = indices.shape.at(-1)!;
  const count = elementCount(indices.shape.slice(0, -1));
  const sides = shape.slice(0, depth);
  const ids = flatIds(b, b.reshape(indices, [count, depth]), sides);
  const rows = b.reshape(updates, [count, elementCount(shape.slice(depth))]);
  return b.reshape(b.scatterAdd(rows, ids, elementCount(sides)), shape);
}

export const INDEXING: HloRuleTable = {
  GatherV2: (b, { x, indices }, { axis, batchDims }: GatherV2Attrs) =>
    b.gather(x!, b.convert(indices!, 'int32'), axis < 0 ? axis + x!.shape.length : axis, batchDims ?? 0),
  GatherNd: (b, { params, indices }) => gatherNd(b, params!, indices!),
  ScatterNd: (b, { indices, updates }, { shape }: ScatterNdAttrs) => scatterNd(b, indices!, updates!, shape),
  UnsortedSegmentSum: (b, { x, segmentIds }, { numSegments }: UnsortedSegmentSumAttrs) => {
    const count = elementCount(segmentIds!.shape);
    const inner = x!.shape.slice(segmentIds!.shape.length);
    const rows = b.reshape(x!, [count, elementCount(inner)]);
    return b.reshape(b.scatterAdd(rows, b.reshape(segmentIds!, [count]), numSegments), [numSegments, ...inner]);
  },
};
