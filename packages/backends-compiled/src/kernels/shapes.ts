import {
  completeShape,
  linSpaceValues,
  mirrorPositions,
  normaliseAxes,
  normaliseAxis,
  rangeValues,
  sliceRange,
} from '@medbench/backend-trace';
import { elementCount } from '@medbench/core';
import type {
  BroadCastToAttrs,
  ConcatAttrs,
  ExpandDimsAttrs,
  FillAttrs,
  LinSpaceAttrs,
  MirrorPadAttrs,
  PackAttrs,
  PadV2Attrs,
  RangeAttrs,
  ReshapeAttrs,
  ReverseAttrs,
  SliceAttrs,
  SplitVAttrs,
  StridedSliceAttrs,
  TileAttrs,
  TransposeAttrs,
  UnpackAttrs,
} from '@tensorflow/tfjs-core';
import { backend_util, slice_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { ElementType } from '../graph/protobuf.js';
import type { OnnxRuleTable } from './rule.js';

function stridedSlice(b: Builder, x: Value, attrs: StridedSliceAttrs): Value {
  const range = sliceRange(x.shape, attrs);
  return b.reshape(range.isIdentity ? x : b.slice(x, range.begin, range.size, range.step), range.finalShape);
}

/** Repeats a tensor along its axes. If only axes of length one are repeated, this is a broadcast. */
function tile(b: Builder, x: Value, reps: readonly number[]): Value {
  const shape = x.shape.map((side, axis) => side * reps[axis]!);
  if (x.shape.every((side, axis) => side === 1 || reps[axis] === 1)) return b.expand(x, shape);
  return b.graph.node('Tile', [x, b.graph.integers(reps)], { shape, dtype: x.dtype });
}

/** Pads by reflection along each axis, with or without repeating the edge. Implemented as a gather. */
function mirrorPad(b: Builder, x: Value, { paddings, mode }: MirrorPadAttrs): Value {
  return paddings.reduce((padded, sides, axis) => {
    if (sides[0] === 0 && sides[1] === 0) return padded;
    const indices = mirrorPositions(x.shape[axis]!, sides, mode);
    return b.gather(padded, b.constant(indices, { shape: [indices.length], dtype: 'int32' }), axis);
  }, x);
}

const identity = (b: Builder, { x }: Readonly<Record<string, Value>>): Value => b.reshape(x!, x!.shape);

export const SHAPES: OnnxRuleTable = {
  Identity: identity,
  Reshape: (b, { x }, { shape }: ReshapeAttrs) => b.reshape(x!, completeShape(shape, elementCount(x!.shape))),
  ExpandDims: (b, { input }, { dim }: ExpandDimsAttrs) =>
    b.reshape(input!, input!.shape.toSpliced(dim < 0 ? input!.shape.length + dim + 1 : dim, 0, 1)),
  Transpose: (b, { x }, { perm }: TransposeAttrs) => b.transpose(x!, perm),
  Slice: (b, { x }, { begin, size }: SliceAttrs) => {
    const [from, extent] = slice_util.parseSliceParams({ shape: [...x!.shape] } as never, begin, size);
    return b.slice(x!, from!, extent!);
  },
  StridedSlice: (b, { x }, attrs: StridedSliceAttrs) => stridedSlice(b, x!, attrs),
  Reverse: (b, { x }, { dims }: ReverseAttrs) => {
    const axes = normaliseAxes(dims, x!.shape.length);
    const begin = x!.shape.map((side, axis) => (axes.includes(axis) ? side - 1 : 0));
    const step = x!.shape.map((side, axis) => (axes.includes(axis) && side > 1 ? -1 : 1));
    return b.slice(x!, begin, x!.shape, step);
  },
  Concat: (b, inputs, { axis }: ConcatAttrs) => {
    const tensors = Object.values(inputs);
    const along = normaliseAxis(axis, tensors[0]!.shape.length);
    const nonEmpty = tensors.filter(({ shape }) => elementCount(shape) > 0);
    return b.concat(nonEmpty.length > 0 ? nonEmpty : tensors.slice(0, 1), along);
  },
  Pack: (b, inputs, { axis }: PackAttrs) => {
    const tensors = Object.values(inputs);
    const along = normaliseAxis(axis, tensors[0]!.shape.length + 1);
    return b.concat(
      tensors.map((tensor) => b.reshape(tensor, tensor.shape.toSpliced(along, 0, 1))),
      along,
    );
  },
  Unpack: (b, { value }, { axis }: UnpackAttrs) => {
    const along = normaliseAxis(axis, value!.shape.length);
    const shape = value!.shape.toSpliced(along, 1);
    return b.split(value!, Array<number>(value!.shape[along]!).fill(1), along).map((part) => b.reshape(part, shape));
  },
  SplitV: (b, { x }, { numOrSizeSplits, axis }: SplitVAttrs) => {
    const along = normaliseAxis(axis, x!.shape.length);
    const like = { shape: [...x!.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0];
    return b.split(x!, backend_util.prepareSplitSize(like, numOrSizeSplits, along), along);
  },
  Tile: (b, { x }, { reps }: TileAttrs) => tile(b, x!, reps),
  BroadcastTo: (b, { x }, { shape }: BroadCastToAttrs) => b.expand(x!, shape),
  PadV2: (b, { x }, { paddings, constantValue }: PadV2Attrs) => {
    if (paddings.every(([before, after]) => before === 0 && after === 0)) return x!;
    const shape = x!.shape.map((side, axis) => side + paddings[axis]![0] + paddings[axis]![1]);
    const sides = b.graph.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
    return b.graph.node('Pad', [x!, sides, b.scalar(constantValue, x!.dtype)], { shape, dtype: x!.dtype });
  },
  MirrorPad: (b, { x }, attrs: MirrorPadAttrs) => mirrorPad(b, x!, attrs),
  Fill: (b, _, { shape, value, dtype }: FillAttrs) =>
    b.graph.splat(value as number, { shape: [...shape], dtype: (dtype ?? 'float32') as ElementType }),
  ZerosLike: (b, { x }) => b.graph.splat(0, x!),
  OnesLike: (b, { x }) => b.graph.splat(1, x!),
  Range: (b, _, attrs: RangeAttrs) => {
    const values = rangeValues(attrs);
    return b.constant(values, { shape: [values.length], dtype: attrs.dtype as ElementType });
  },
  LinSpace: (b, _, attrs: LinSpaceAttrs) => b.constant(linSpaceValues(attrs), { shape: [attrs.num], dtype: 'float32' }),
};
