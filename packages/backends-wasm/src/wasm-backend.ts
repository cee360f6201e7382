import type * as tf from '@tensorflow/tfjs-core';

/** The part of `@tensorflow/tfjs-backend-wasm`'s BackendWasm that kernels written here use. */
export interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of the tensor in WebAssembly memory; stale after the next allocation. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
}
