import type { HostTensor } from '../contracts/tensors.js';
import { random } from '../random/index.js';
import { elementCount } from '../size-of.js';

/** Normal draws that depend on the name and shape alone. */
export function normal(name: string, shape: readonly number[], scale = 1, offset = 0): HostTensor {
  const stream = random(1, name, ...shape);
  return {
    shape,
    dtype: 'float32',
    data: Float32Array.from({ length: elementCount(shape) }, () => stream.normal() * scale + offset),
  };
}

/** Whole numbers in [0, below) that depend on the name and shape alone. */
export function integers(name: string, shape: readonly number[], below: number): HostTensor {
  const stream = random(2, name, ...shape);
  return { shape, dtype: 'int32', data: Int32Array.from({ length: elementCount(shape) }, () => stream.integer(below)) };
}
