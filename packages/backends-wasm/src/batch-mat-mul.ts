import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm-backend.js';

interface KernelCall {
  inputs: tf.NamedTensorInfoMap;
  attrs?: tf.NamedAttrMap;
  backend: WasmBackend;
}
type Kernel = (call: KernelCall) => tf.TensorInfo;

/**
 * Wraps the matrix product so that it transposes its operands first. The original kernel uses XNNPACK only for products
 * that are neither transposed nor batched. All others, so most of a backward pass, run in a plain loop that is several
 * times slower.
 */
export function transposeFirst(product: Kernel, transpose: Kernel): Kernel {
  const transposed = (x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo => {
    const axes = x.shape.map((_, axis) => axis);
    const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
    return transpose({ inputs: { x }, attrs: { perm }, backend });
  };
  return ({ inputs, attrs, backend }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
    const left = transposeA ? transposed(a, backend) : a;
    const right = transposeB ? transposed(b, backend) : b;
    const result = product({
      inputs: { a: left, b: right },
      attrs: { transposeA: false, transposeB: false },
      backend,
    });
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return result;
  };
}
