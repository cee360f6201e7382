import type * as tf from '@tensorflow/tfjs-core';

/** The part of `BackendWasm` in `@tensorflow/tfjs-backend-wasm` that the kernels of this package use. */
export interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of the tensor in WebAssembly memory. The next allocation may invalidate it. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
}
