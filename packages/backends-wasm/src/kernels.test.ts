import type { HostTensor, HostTensors, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Wasm } from './index.js';

const float = (shape: readonly number[], ...values: number[]): HostTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(values),
});

describe('a kernel that TensorFlow.js lacks or gets wrong on WebAssembly', () => {
  const run = async (inputs: HostTensors, f: (inputs: Readonly<Record<string, tf.Tensor>>) => tf.Tensor) => {
    const specs = Object.fromEntries(Object.entries(inputs).map(([k, { shape, dtype }]) => [k, { shape, dtype }]));
    const program: Program = {
      name: 'one',
      state: {},
      inputs: specs,
      run: (_, tensors) => ({ outputs: { y: f(tensors) } }),
    };
    const session = await new Wasm().load(program, {});
    const { y } = await session.step(inputs);
    await session.dispose();
    return y!;
  };

  it('differentiates a convolution by its filter', async () => {
    // d/dw of the sum of x * w over a 2 x 2 image with a 1 x 1 filter is the sum of the image.
    const x = float([1, 2, 2, 1], 1, 2, 3, 4);
    const w = float([1, 1, 1, 1], 5);
    const gradient = await run({ x, w }, (tensors) =>
      tf.grad((v: tf.Tensor) => tf.sum(tf.conv2d(tensors.x as tf.Tensor4D, v as tf.Tensor4D, 1, 'valid')))(tensors.w!),
    );
    expect(gradient).toEqual(float([1, 1, 1, 1], 10));
  });

  it('contracts with einsum', async () => {
    const y = await run({ a: float([2, 2], 1, 2, 3, 4), b: float([2], 5, 6) }, ({ a, b }) =>
      tf.einsum('ij,j->i', a!, b!),
    );
    expect(y).toEqual(float([2], 17, 39));
  });

  it('gathers with separate indices for each batch', async () => {
    const ids = { shape: [2, 1], dtype: 'int32' as const, data: Int32Array.of(1, 0) };
    const y = await run({ a: float([2, 2], 1, 2, 3, 4), ids }, (tensors) => tf.gather(tensors.a!, tensors.ids!, 1, 1));
    expect(y).toEqual(float([2, 1], 2, 3));
  });

  it('casts 0.5 to true', async () => {
    const y = await run({ a: float([3], 0.5, 0, -2) }, ({ a }) => tf.cast(a!, 'bool'));
    expect(y.data).toEqual(Uint8Array.of(1, 0, 1));
  });
});
