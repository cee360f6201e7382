import { elementCount } from '@medbench/core';
import type { GatherV2Attrs, ScatterNdAttrs, UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { OnnxRuleTable } from './rule.js';

/**
 * Adds each row of `updates` `[n, d]` to the row numbered by `ids` `[n]` in a result `[rows, d]`. Ids out of range are
 * ignored. ScatterElements adds in the order of the updates, on one thread; ScatterND would race on repeated rows.
 */
function scatterAdd(b: Builder, updates: Value, ids: Value, rows: number): Value {
  const [count, width] = updates.shape as [number, number];
  const last = b.scalar(rows - 1, 'int32');
  const first = b.scalar(0, 'int32');
  const clamped = b.binary('Min', b.binary('Max', ids, first), last);
  const inRange = b.reshape(b.binary('Equal', clamped, ids, 'bool'), [count, 1]);
  const keptUpdates = b.where(inRange, updates, b.scalar(0, updates.dtype));
  const shape = [rows, width];
  return b.graph.node(
    'ScatterElements',
    [
      b.graph.splat(0, { shape, dtype: updates.dtype }),
      b.expand(b.reshape(clamped, [count, 1]), [count, width]),
      keptUpdates,
    ],
    { shape, dtype: updates.dtype },
    { axis: 0, reduction: 'add' },
  );
}

/**
 * Converts index tuples `[n, k]` to row numbers `[n]`, for a tensor whose first `k` axes, of lengths `sides`, are
 * flattened into one.
 */
function flatIds(b: Builder, indices: Value, sides: readonly number[]): Value {
  const strides = sides.map((_, axis) => elementCount(sides.slice(axis + 1)));
  const weights = b.constant(Int32Array.from(strides), { shape: [sides.length], dtype: 'int32' });
  return b.reduce('ReduceSum', b.mul(indices, weights), [1], false);
}

/** Gathers elements along `axis`. Over the first `batchDims` axes, each position has its own indices. */
function gather(b: Builder, x: Value, indices: Value, axis: number, batchDims: number): Value {
  if (batchDims === 0) return b.gather(x, indices, axis);
  const rank = x.shape.length;
  const axes = [...x.shape.keys()];
  const batch = axes.slice(0, batchDims);
  const between = axes.slice(batchDims, axis);
  const after = axes.slice(axis + 1);
  const batches = elementCount(batch.map((batchAxis) => x.shape[batchAxis]!));
  const side = x.shape[axis]!;
  const moved = b.transpose(x, [...batch, axis, ...between, ...after]);
  const innerShape = moved.shape.slice(batchDims + 1);
  const perBatch = indices.shape.slice(batchDims);
  const offsets = b.constant(
    Int32Array.from({ length: batches }, (_, i) => i * side),
    { shape: [batches, 1], dtype: 'int32' },
  );
  const ids = b.add(b.reshape(indices, [batches, elementCount(perBatch)]), offsets);
  const rows = b.gather(
    b.reshape(moved, [batches * side, ...innerShape]),
    b.reshape(ids, [elementCount(ids.shape)]),
    0,
  );
  const gathered = b.reshape(rows, [...x.shape.slice(0, batchDims), ...perBatch, ...innerShape]);
  const picked = perBatch.map((_, i) => batchDims + i);
  const shift = perBatch.length - 1;
  return b.transpose(gathered, [
    ...batch,
    ...between.map((betweenAxis) => betweenAxis + 1 + shift),
    ...picked,
    ...Array.from({ length: rank - axis - 1 }, (_, i) => axis + 1 + i + shift),
  ]);
}

function gatherNd(b: Builder, params: Value, indices: Value): Value {
  const depth = indices.shape.at(-1)!;
  const outer = indices.shape.slice(0, -1);
  const ids = flatIds(b, b.reshape(indices, [elementCount(outer), depth]), params.shape.slice(0, depth));
  const inner = params.shape.slice(depth);
  const rows = b.reshape(params, [elementCount(params.shape.slice(0, depth)), ...inner]);
  return b.reshape(b.gather(rows, ids, 0), [...outer, ...inner]);
}

function scatterNd(b: Builder, indices: Value, updates: Value, shape: readonly number[]): Value {
  const depth = indices.shape.at(-1)!;
  const count = elementCount(indices.shape.slice(0, -1));
  const sides = shape.slice(0, depth);
  const ids = flatIds(b, b.reshape(indices, [count, depth]), sides);
  const flat = b.reshape(updates, [count, elementCount(shape.slice(depth))]);
  return b.reshape(scatterAdd(b, flat, ids, elementCount(sides)), shape);
}

export const INDEXING: OnnxRuleTable = {
  GatherV2: (b, { x, indices }, { axis, batchDims }: GatherV2Attrs) => {
    const rank = x!.shape.length;
    return gather(b, x!, b.cast(indices!, 'int32'), axis < 0 ? axis + rank : axis, batchDims ?? 0);
  },
  GatherNd: (b, { params, indices }) => gatherNd(b, params!, indices!),
  ScatterNd: (b, { indices, updates }, { shape }: ScatterNdAttrs) => scatterNd(b, indices!, updates!, shape),
  UnsortedSegmentSum: (b, { x, segmentIds }, { numSegments }: UnsortedSegmentSumAttrs) => {
    const count = elementCount(segmentIds!.shape);
    const inner = x!.shape.slice(segmentIds!.shape.length);
    const rows = b.reshape(x!, [count, elementCount(inner)]);
    return b.reshape(scatterAdd(b, rows, b.reshape(segmentIds!, [count]), numSegments), [numSegments, ...inner]);
  },
};
