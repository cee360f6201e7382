import type { LinSpaceAttrs, MirrorPadAttrs, RangeAttrs, StridedSliceAttrs } from '@tensorflow/tfjs-core';
import { slice_util } from '@tensorflow/tfjs-core';

/** Replaces -1 in a shape by the length that the number of elements implies. */
export function completeShape(shape: readonly number[], size: number): number[] {
  const knownSize = shape.reduce((product, side) => (side === -1 ? product : product * side), 1);
  return shape.map((side) => (side === -1 ? size / knownSize : side));
}

/** A strided slice: elements `begin, begin + step, …` along each axis (a step may be negative), in their final shape. */
export interface SliceRange {
  readonly begin: readonly number[];
  readonly size: readonly number[];
  readonly step: readonly number[];
  readonly finalShape: readonly number[];
  /** Whether all elements are taken in their order. */
  readonly isIdentity: boolean;
}

/** The elements that a strided slice takes. */
export function sliceRange(shape: readonly number[], attrs: StridedSliceAttrs): SliceRange {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const info = slice_util.sliceInfo(
    [...shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const { finalShape, isIdentity } = info;
  const size = slice_util.computeOutShape(info.begin, info.end, info.strides);
  return { begin: info.begin, size, step: info.strides, finalShape, isIdentity };
}

/** Positions along an axis of length `side` that padding by reflection takes, with or without repeating the edge. */
export function mirrorPositions(
  side: number,
  [before, after]: readonly [number, number],
  mode: MirrorPadAttrs['mode'],
): Int32Array {
  const edge = mode === 'reflect' ? 0 : 1;
  return Int32Array.from({ length: before + side + after }, (_, i) => {
    const position = i - before;
    return position < 0 ? -position - edge : position >= side ? 2 * side - 2 - position + edge : position;
  });
}

/** The values of `tf.range`. */
export function rangeValues({ start, stop, step, dtype }: RangeAttrs): Int32Array | Float32Array {
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const values = Array.from({ length }, (_, i) => start + i * step);
  return dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
}

/** The values of `tf.linspace`. */
export function linSpaceValues({ start, stop, num }: LinSpaceAttrs): Float32Array {
  const step = num > 1 ? (stop - start) / (num - 1) : 0;
  return Float32Array.from({ length: num }, (_, i) => start + i * step);
}
