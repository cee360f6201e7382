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
import type { HloBuilder } from '../hlo/builder.js';
import type { ElementType, HloValue } from '../hlo/value.js';
import type { HloRuleTable } from './rule.js';

/** Elements `begin, begin + step, …` along each axis; a negative step goes backwards. */
function signedSlice(
  b: HloBuilder,
  x: HloValue,
  begin: readonly number[],
  size: readonly number[],
  step: readonly number[],
): HloValue {
  const backwards = [...step.keys()].filter((axis) => step[axis]! < 0);
  // From the last element that is taken up to the first, and then turned around.
  const first = begin.map((from, axis) => (step[axis]! < 0 ? from + (size[axis]! - 1) * step[axis]! : from));
  const sliced = b.slice(
    x,
    first,
    size,
    step.map((one) => Math.abs(one)),
  );
  return b.reverse(sliced, backwards);
}

function stridedSlice(b: HloBuilder, x: HloValue, attrs: StridedSliceAttrs): HloValue {
  const range = sliceRange(x.shape, attrs);
  return b.reshape(range.isIdentity ? x : signedSlice(b, x, range.begin, range.size, range.step), range.finalShape);
}

/** Repeats a tensor along its axes. */
function tile(b: HloBuilder, x: HloValue, reps: readonly number[]): HloValue {
  const interleaved = x.shape.flatMap((side, axis) => [reps[axis]!, side]);
  const repeated = b.broadcast(
    x,
    interleaved,
    x.shape.map((_, axis) => 2 * axis + 1),
  );
  return b.reshape(
    repeated,
    x.shape.map((side, axis) => side * reps[axis]!),
  );
}

/** Pads by reflection along each axis, with or without repeating the edge. Implemented as a gather. */
function mirrorPad(b: HloBuilder, x: HloValue, { paddings, mode }: MirrorPadAttrs): HloValue {
  return paddings.reduce((padded, sides, axis) => {
    if (sides[0] === 0 && sides[1] === 0) return padded;
    const indices = mirrorPositions(x.shape[axis]!, sides, mode);
    return b.gather(padded, b.constant(indices, { shape: [indices.length], dtype: 'int32' }), axis);
  }, x);
}

/** Parts of the given lengths along an axis. */
function split(b: HloBuilder, x: HloValue, sizes: readonly number[], axis: number): HloValue[] {
  let start = 0;
  return sizes.map((side) => {
    const begin = x.shape.map((_, one) => (one === axis ? start : 0));
    start += side;
    return b.slice(x, begin, x.shape.with(axis, side));
  });
}

export const SHAPES: HloRuleTable = {
  Identity: (_, { x }) => x!,
  Reshape: (b, { x }, { shape }: ReshapeAttrs) => b.reshape(x!, completeShape(shape, elementCount(x!.shape))),
  ExpandDims: (b, { input }, { dim }: ExpandDimsAttrs) =>
    b.reshape(input!, input!.shape.toSpliced(dim < 0 ? input!.shape.length + dim + 1 : dim, 0, 1)),
  Transpose: (b, { x }, { perm }: TransposeAttrs) => b.transpose(x!, perm),
  Slice: (b, { x }, { begin, size }: SliceAttrs) => {
    const [from, extent] = slice_util.parseSliceParams({ shape: [...x!.shape] } as never, begin, size);
    return b.slice(x!, from!, extent!);
  },
  StridedSlice: (b, { x }, attrs: StridedSliceAttrs) => stridedSlice(b, x!, attrs),
  Reverse: (b, { x }, { dims }: ReverseAttrs) => b.reverse(x!, normaliseAxes(dims, x!.shape.length)),
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
    return split(b, value!, Array<number>(value!.shape[along]!).fill(1), along).map((part) => b.reshape(part, shape));
  },
  SplitV: (b, { x }, { numOrSizeSplits, axis }: SplitVAttrs) => {
    const along = normaliseAxis(axis, x!.shape.length);
    const like = { shape: [...x!.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0];
    return split(b, x!, backend_util.prepareSplitSize(like, numOrSizeSplits, along), along);
  },
  Tile: (b, { x }, { reps }: TileAttrs) => tile(b, x!, reps),
  BroadcastTo: (b, { x }, { shape }: BroadCastToAttrs) => b.broadcast(x!, shape),
  PadV2: (b, { x }, { paddings, constantValue }: PadV2Attrs) => b.pad(x!, paddings, constantValue),
  MirrorPad: (b, { x }, attrs: MirrorPadAttrs) => mirrorPad(b, x!, attrs),
  Fill: (b, _, { shape, value, dtype }: FillAttrs) =>
    b.splat(value as number, { shape: [...shape], dtype: (dtype ?? 'float32') as ElementType }),
  ZerosLike: (b, { x }) => b.splat(0, x!),
  OnesLike: (b, { x }) => b.splat(1, x!),
  Range: (b, _, attrs: RangeAttrs) => {
    const values = rangeValues(attrs);
    return b.constant(values, { shape: [values.length], dtype: attrs.dtype as ElementType });
  },
  LinSpace: (b, _, attrs: LinSpaceAttrs) => b.constant(linSpaceValues(attrs), { shape: [attrs.num], dtype: 'float32' }),
};
