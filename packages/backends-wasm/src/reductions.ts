import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm-backend.js';

/** A reduction over axes that lie side by side: `[outer, size, inner]` becomes `[outer, inner]`. */
interface Span {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** Undefined if the axes are apart. @param axes in ascending order. */
function spanOf(shape: readonly number[], axes: readonly number[]): Span | undefined {
  const first = axes[0] ?? shape.length;
  if (axes.some((axis, i) => axis !== first + i)) return undefined;
  const product = (part: readonly number[]): number => part.reduce((size, side) => size * side, 1);
  const end = first + axes.length;
  return {
    outer: product(shape.slice(0, first)),
    size: product(shape.slice(first, end)),
    inner: product(shape.slice(end)),
  };
}

/**
 * A sum or mean of float32 values that is added up in float64. The shipped kernels add one value after the other in
 * float32: of half a million squares, as in the norm of a gradient, they lose the fourth digit, and with it every step that
 * is clipped. Other types, and axes that are apart, are left to the shipped kernel.
 */
export function addedInDouble(shipped: tf.KernelFunc, mean: boolean): tf.KernelFunc {
  return (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    const { axis, keepDims } = call.attrs as unknown as tf.SumAttrs;
    const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
    const span = x.dtype === 'float32' ? spanOf(x.shape, axes) : undefined;
    if (!span || span.size === 0) return shipped(call);
    const wasm = call.backend as WasmBackend;
    const [left] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
    const out = wasm.makeOutput(keepDims ? tf.backend_util.expandShapeToKeepDim(left, axes) : left, 'float32');
    // The views come after the allocation, which may move the memory.
    const sums = wasm.typedArrayFromHeap(out);
    const values = wasm.typedArrayFromHeap(x);
    const { outer, size, inner } = span;
    const divisor = mean ? size : 1;
    const row = new Float64Array(inner);
    for (let o = 0, at = 0; o < outer; o++) {
      row.fill(0);
      for (let k = 0; k < size; k++) for (let i = 0; i < inner; i++) row[i]! += values[at++]!;
      for (let i = 0; i < inner; i++) sums[o * inner + i] = row[i]! / divisor;
    }
    return out;
  };
}
