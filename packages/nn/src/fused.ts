import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernels, FusedName } from './kernels.js';

type Kernels = FusedKernels<tf.Tensor>;

/** Whether the active TensorFlow.js backend has a fused kernel. */
export const offers = (kernel: FusedName): boolean => tf.getKernel(kernel, tf.getBackend()) !== undefined;

/** Runs a fused kernel of the active backend. */
export function runFused<Name extends FusedName>(
  kernel: Name,
  inputs: Kernels[Name]['inputs'],
  attributes: Kernels[Name]['attributes'],
): Kernels[Name]['outputs'] {
  const result: unknown = tf.engine().runKernel(kernel, { ...inputs }, { ...attributes });
  return result as Kernels[Name]['outputs'];
}
