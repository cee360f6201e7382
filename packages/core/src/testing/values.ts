import type { HostTensor } from '../contracts/tensors.js';
import { random } from '../random/index.js';
import { elementCount } from '../size-of.js';

/** Draws a tensor of normal numbers that depend on the name and shape only. */
export function normal(name: string, shape: readonly number[], scale = 1, offset = 0): HostTensor {
  const stream = random(1, name, ...shape);
  return {
    shape,
    dtype: 'float32',
    data: Float32Array.from({ length: elementCount(shape) }, () => stream.normal() * scale + offset),
  };
}

/** Draws a tensor of whole numbers in [0, below) that depend on the name and shape only. */
export function integers(name: string, shape: readonly number[], below: number): HostTensor {
  const stream = random(2, name, ...shape);
  return { shape, dtype: 'int32', data: Int32Array.from({ length: elementCount(shape) }, () => stream.integer(below)) };
}
