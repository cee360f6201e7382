import { normaliseAxes, normaliseAxis } from '@medbench/backend-trace';
import type { ArgMaxAttrs, CumsumAttrs, MaxAttrs, SumAttrs, TopKAttrs } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { OnnxRule, OnnxRuleTable } from './rule.js';

const reduce =
  (op: string): OnnxRule =>
  (b, { x }, { axis, keepDims }: SumAttrs) =>
    b.reduce(op, x!, normaliseAxes(axis, x!.shape.length), keepDims ?? false);

/** A reduction of booleans, computed in int32. */
const reduceTruth =
  (op: string): OnnxRule =>
  (b, { x }, { axis, keepDims }: SumAttrs) =>
    b.cast(b.reduce(op, b.cast(x!, 'int32'), normaliseAxes(axis, x!.shape.length), keepDims ?? false), 'bool');

const argExtreme =
  (op: string): OnnxRule =>
  (b, { x }, { axis }: ArgMaxAttrs) => {
    const along = normaliseAxis(axis, x!.shape.length);
    const shape = x!.shape.filter((_, i) => i !== along);
    return b.cast(b.graph.node(op, [x!], { shape, dtype: 'int64' }, { axis: along, keepdims: 0 }), 'int32');
  };

function topK(b: Builder, x: Value, k: number): readonly Value[] {
  const shape = [...x.shape.slice(0, -1), k];
  const [values, indices] = b.graph.nodes(
    'TopK',
    [x, b.graph.integers([k])],
    [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' },
    ],
    { axis: -1, largest: 1, sorted: 1 },
  );
  return [values!, b.cast(indices!, 'int32')];
}

export const REDUCTIONS: OnnxRuleTable = {
  Sum: reduce('ReduceSum'),
  Prod: reduce('ReduceProd'),
  Min: reduce('ReduceMin'),
  Max: (b, { x }, { reductionIndices, keepDims }: MaxAttrs) =>
    b.reduce('ReduceMax', x!, normaliseAxes(reductionIndices, x!.shape.length), keepDims ?? false),
  Mean: (b, { x }, { axis, keepDims }: SumAttrs) =>
    b.reduce('ReduceMean', b.cast(x!, 'float32'), normaliseAxes(axis, x!.shape.length), keepDims ?? false),
  Any: reduceTruth('ReduceMax'),
  All: reduceTruth('ReduceMin'),
  ArgMax: argExtreme('ArgMax'),
  ArgMin: argExtreme('ArgMin'),
  TopK: (b, { x }, { k }: TopKAttrs) => topK(b, x!, k),
  Cumsum: (b, { x }, { axis, exclusive, reverse }: CumsumAttrs) =>
    b.graph.node('CumSum', [x!, b.constant(Int32Array.of(axis), { shape: [], dtype: 'int32' })], x!, {
      exclusive: exclusive ? 1 : 0,
      reverse: reverse ? 1 : 0,
    }),
};
