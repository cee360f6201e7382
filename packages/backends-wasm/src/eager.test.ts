import type { HostTensor, HostTensors, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Wasm } from './index.js';

const float = (shape: readonly number[], ...values: number[]): HostTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(values),
});

/** Gradient descent on ½ |w - x|²: w ← w - (w - x) / 2. */
const descent: Program = {
  name: 'descent',
  state: { w: { shape: [2], dtype: 'float32' }, fixed: { shape: [2], dtype: 'float32' } },
  inputs: { x: { shape: [2], dtype: 'float32' } },
  run({ w, fixed }, { x }) {
    const { value, grad } = tf.valueAndGrad((v: tf.Tensor) => tf.mul(tf.sum(tf.square(tf.sub(v, x!))), 0.5))(w!);
    return {
      state: { w: tf.sub(w!, tf.mul(grad, 0.5)), fixed: fixed! },
      outputs: { loss: value, far: tf.greater(tf.abs(tf.sub(w!, x!)), 1) },
    };
  },
};
const start = (): HostTensors => ({ w: float([2], 0, 4), fixed: float([2], 7, 8) });

describe('an eager session on WebAssembly', () => {
  it('computes steps and keeps the state', async () => {
    const backend = new Wasm();
    expect(await backend.status()).toMatchObject({ available: true });
    const session = await backend.load(descent, start());
    const x = float([2], 4, 4);
    const first = await session.step({ x });
    expect(first.loss).toEqual(float([], 8));
    expect(first.far).toEqual({ shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) });
    expect((await session.step({ x })).loss!.data[0]).toBe(2);
    expect(await session.readState()).toEqual({ w: float([2], 3, 4), fixed: float([2], 7, 8) });
    await session.dispose();
    await expect(session.step({ x })).rejects.toThrow('was disposed');
  });

  it('leaves no tensors behind', async () => {
    const backend = new Wasm();
    await backend.status();
    const before = tf.memory();
    const session = await backend.load(descent, start());
    const x = float([2], 4, 4);
    for (let i = 0; i < 200; i++) await session.step({ x });
    expect(tf.memory().numTensors).toBe(before.numTensors + 2);
    await session.readState(['w']);
    await session.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  it('leaves no tensors behind when a step fails', async () => {
    const failing: Program = {
      ...descent,
      run: ({ w }, { x }) => {
        tf.mul(w!, x!);
        throw new Error('no');
      },
    };
    const backend = new Wasm();
    await backend.status();
    const before = tf.memory().numTensors;
    const session = await backend.load(failing, start());
    await expect(session.step({ x: float([2], 1, 1) })).rejects.toThrow('no');
    await session.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says which input does not fit', async () => {
    const session = await new Wasm().load(descent, start());
    await expect(session.step({ x: float([3], 1, 2, 3) })).rejects.toThrow(
      'Program descent: the input x is float32 [3], expected float32 [2]',
    );
    const wrong = { shape: [2], dtype: 'float32' as const, data: Int32Array.of(1, 2) };
    await expect(session.step({ x: wrong })).rejects.toThrow('2 values in a Int32Array, expected 2 in a Float32Array');
    await session.dispose();
  });
});

describe('kernels that TensorFlow.js lacks or has wrong on WebAssembly', () => {
  const run = async (inputs: HostTensors, f: (inputs: Readonly<Record<string, tf.Tensor>>) => tf.Tensor) => {
    const specs = Object.fromEntries(Object.entries(inputs).map(([k, { shape, dtype }]) => [k, { shape, dtype }]));
    const program: Program = {
      name: 'one',
      state: {},
      inputs: specs,
      run: (_, given) => ({ outputs: { y: f(given) } }),
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
    const gradient = await run({ x, w }, (given) =>
      tf.grad((v: tf.Tensor) => tf.sum(tf.conv2d(given.x as tf.Tensor4D, v as tf.Tensor4D, 1, 'valid')))(given.w!),
    );
    expect(gradient).toEqual(float([1, 1, 1, 1], 10));
  });

  it('contracts with einsum', async () => {
    const y = await run({ a: float([2, 2], 1, 2, 3, 4), b: float([2], 5, 6) }, ({ a, b }) =>
      tf.einsum('ij,j->i', a!, b!),
    );
    expect(y).toEqual(float([2], 17, 39));
  });

  it('gathers within each batch', async () => {
    const ids = { shape: [2, 1], dtype: 'int32' as const, data: Int32Array.of(1, 0) };
    const y = await run({ a: float([2, 2], 1, 2, 3, 4), ids }, (given) => tf.gather(given.a!, given.ids!, 1, 1));
    expect(y).toEqual(float([2, 1], 2, 3));
  });

  it('takes half for true', async () => {
    const y = await run({ a: float([3], 0.5, 0, -2) }, ({ a }) => tf.cast(a!, 'bool'));
    expect(y.data).toEqual(Uint8Array.of(1, 0, 1));
  });
});
