import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm-backend.js';

/** A reduction over adjacent axes: `[outer, size, inner]` becomes `[outer, inner]`. */
interface Span {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** The span of the given axes; undefined if they are not adjacent. @param axes axes in ascending order. */
function findSpan(shape: readonly number[], axes: readonly number[]): Span | undefined {
  const first = axes[0] ?? shape.length;
  if (axes.some((axis, i) => axis !== first + i)) return undefined;
  const product = (sides: readonly number[]): number => sides.reduce((size, side) => size * side, 1);
  const end = first + axes.length;
  return {
    outer: product(shape.slice(0, first)),
    size: product(shape.slice(first, end)),
    inner: product(shape.slice(end)),
  };
}

/**
 * Wraps a sum or mean so that float32 values are accumulated in float64. The original kernels accumulate in float32:
 * for half a million squares, as in the norm of a gradient, the fourth digit is wrong, and so is every step whose
 * gradient is clipped. Other types, and axes that are not adjacent, are left to the original kernel.
 */
export function reduceInFloat64(original: tf.KernelFunc, mean: boolean): tf.KernelFunc {
  return (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    const { axis, keepDims } = call.attrs as unknown as tf.SumAttrs;
    const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
    const span = x.dtype === 'float32' ? findSpan(x.shape, axes) : undefined;
    if (!span || span.size === 0) return original(call);
    const wasm = call.backend as WasmBackend;
    const [outShape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
    const out = wasm.makeOutput(keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape, 'float32');
    // Take the views after the allocation, which may move the memory.
    const sums = wasm.typedArrayFromHeap(out);
    const values = wasm.typedArrayFromHeap(x);
    const { outer, size, inner } = span;
    const divisor = mean ? size : 1;
    const row = new Float64Array(inner);
    for (let o = 0, index = 0; o < outer; o++) {
      row.fill(0);
      for (let k = 0; k < size; k++) for (let i = 0; i < inner; i++) row[i]! += values[index++]!;
      for (let i = 0; i < inner; i++) sums[o * inner + i] = row[i]! / divisor;
    }
    return out;
  };
}
