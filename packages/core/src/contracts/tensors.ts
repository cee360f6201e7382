import type { Tensor } from '@tensorflow/tfjs-core';

/** Element types of tensors that are passed to and from backends. */
export type DType = 'float32' | 'int32' | 'bool';

/** Shape and element type of a tensor whose values are not known yet. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A tensor in host memory: row-major values with their shape. `bool` values are 0 or 1 in a `Uint8Array`. */
export interface HostTensor extends TensorSpec {
  readonly data: Float32Array | Int32Array | Uint8Array;
  /**
   * Only for `float32` of which `data` holds a byte for each value, such as the pixels of a batch: the values that the bytes
   * stand for, `[channels, 256]`, where `channels` is the last side of the shape. Element i is
   * `levels[256 * (i % channels) + data[i]]`.
   */
  readonly levels?: Float32Array;
}

/** Named tensors in host memory. */
export type HostTensors = Record<string, HostTensor>;

/** Named tensors of the active TensorFlow.js backend, as the `run` function of a program sees them. */
export type TensorMap = Readonly<Record<string, Tensor>>;

/** A row-major matrix in host memory, `[rows, cols]`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}
