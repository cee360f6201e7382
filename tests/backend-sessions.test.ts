import type { HostTensor, HostTensors, Program } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { allBackends as backends } from './support/backends.js';

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
const x = float([2], 4, 4);

/**
 * Gradient descent on a filter through a padded convolution and a padded mean: their kernels allocate tensors
 * internally.
 */
const windows: Program = {
  name: 'windows',
  state: { w: { shape: [3, 3, 2, 2], dtype: 'float32' } },
  inputs: { x: { shape: [1, 5, 5, 2], dtype: 'float32' } },
  run({ w }, { x }) {
    const { value, grad } = tf.valueAndGrad((v: tf.Tensor) => {
      const once = tf.conv2d(x as tf.Tensor4D, v as tf.Tensor4D, 1, 1);
      const twice = tf.avgPool(tf.conv2d(once, v as tf.Tensor4D, 2, 1), 2, 1, 1);
      return tf.sum(tf.square(tf.maxPool(twice, 2, 1, 1)));
    })(w!);
    return { state: { w: tf.sub(w!, tf.mul(grad, 1e-6)) }, outputs: { loss: value } };
  },
};

/** For each element type: one state entry that the step updates, one that it keeps, and two that it swaps. */
const counting: Program = {
  name: 'counting',
  state: {
    count: { shape: [], dtype: 'int32' },
    flags: { shape: [2], dtype: 'bool' },
    ...Object.fromEntries(['fixed', 'swapA', 'swapB'].map((name) => [name, { shape: [2], dtype: 'float32' }])),
  },
  inputs: {},
  run: ({ count, flags, fixed, swapA, swapB }) => ({
    state: {
      count: tf.add(count!, tf.scalar(1, 'int32')),
      flags: tf.logicalNot(flags!),
      fixed: fixed!,
      swapA: swapB!,
      swapB: swapA!,
    },
    outputs: { twice: tf.mul(fixed!, tf.cast(count!, 'float32')), same: fixed!, again: fixed!, flags: flags! },
  }),
};
const counter = (): HostTensors => ({
  count: { shape: [], dtype: 'int32', data: Int32Array.of(0) },
  flags: { shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) },
  fixed: float([2], 2, 4),
  swapA: float([2], 1, 1),
  swapB: float([2], 5, 5),
});

/** Number of tensors that TensorFlow.js counts, and that the backend itself holds. */
function held(id: string): Record<string, number> {
  const { numTensors, numDataBuffers } = tf.memory();
  return { numTensors, numDataBuffers, native: tf.findBackend(id)?.numDataIds() ?? 0 };
}

// First in this file, so that all sessions together trigger the one-time start-up of their backends.
it('sessions of all backends take turns', async () => {
  const two = [...backends, ...backends];
  const sessions = await Promise.all(two.map(([, backend]) => backend.load(descent, start())));
  for (const loss of [8, 2, 0.5]) {
    const outputs = await Promise.all(sessions.map((session) => session.step({ x })));
    for (const output of outputs) expect(output.loss!.data[0]).toBe(loss);
  }
  await Promise.all(sessions.map((session) => session.dispose()));
});

describe.each(backends)('a session on %s', (id, backend) => {
  it('computes steps and keeps the state', async () => {
    const session = await backend.load(descent, start());
    const first = await session.step({ x });
    expect(first.loss).toEqual(float([], 8));
    expect(first.far).toEqual({ shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) });
    expect((await session.step({ x })).loss!.data[0]).toBe(2);
    expect(await session.readState()).toEqual({ w: float([2], 3, 4), fixed: float([2], 7, 8) });
    await session.dispose();
    await expect(session.step({ x })).rejects.toThrow('was disposed');
  });

  it('updates, swaps and keeps state of every element type', async () => {
    const initial = counter();
    const session = await backend.load(counting, initial);
    const first = await session.step({});
    const second = await session.step({});
    await session.step({});
    const state = await session.readState();
    expect(state.count).toEqual({ shape: [], dtype: 'int32', data: Int32Array.of(3) });
    expect(state.flags).toEqual({ shape: [2], dtype: 'bool', data: Uint8Array.of(0, 1) });
    expect([...state.fixed!.data, ...state.swapA!.data, ...state.swapB!.data]).toEqual([2, 4, 5, 5, 1, 1]);
    expect([...second.twice!.data, ...second.same!.data, ...second.again!.data]).toEqual([2, 4, 2, 4, 2, 4]);
    expect(first.flags).toEqual({ shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) });
    expect(second.flags!.data).toEqual(Uint8Array.of(0, 1));
    // The caller's arrays are unchanged.
    expect(initial).toEqual(counter());
    expect(Object.keys(await session.readState(['count']))).toEqual(['count']);
    await expect(session.readState(['other'])).rejects.toThrow('no state entry other');
    await session.dispose();
  });

  it.each([
    ['descent', descent, start(), { x }],
    ['windows', windows, { w: normal('w', [3, 3, 2, 2]) }, { x: normal('x', [1, 5, 5, 2]) }],
  ] as const)('leaves no tensors behind (%s)', async (_, program, state, inputs) => {
    // The first session of a backend may allocate tensors for good.
    await (await backend.load(program, state)).dispose();
    const before = held(id);
    const session = await backend.load(program, state);
    await session.step(inputs);
    const after = held(id);
    for (let i = 0; i < 100; i++) await session.step(inputs);
    expect(held(id)).toEqual(after);
    await session.readState();
    await session.dispose();
    expect(held(id)).toEqual(before);
  });

  it('leaves no tensors behind when a step fails', async () => {
    const failing: Program = {
      ...descent,
      run: ({ w }, given) => {
        tf.mul(w!, given.x!);
        throw new Error('no');
      },
    };
    await (await backend.load(descent, start())).dispose();
    const before = held(id);
    const attempt = async (): Promise<void> => {
      const session = await backend.load(failing, start());
      await session.step({ x }).finally(() => session.dispose());
    };
    await expect(attempt()).rejects.toThrow('no');
    expect(held(id)).toEqual(before);
  });

  it('names the input or state that does not fit', async () => {
    const session = await backend.load(descent, start());
    await expect(session.step({})).rejects.toThrow('the input x is missing');
    await expect(session.step({ x, z: x })).rejects.toThrow('has no input z');
    await expect(session.step({ x: float([3], 1, 2, 3) })).rejects.toThrow(
      'Program descent: the input x is float32 [3], expected float32 [2]',
    );
    const wrong = { shape: [2], dtype: 'float32' as const, data: Int32Array.of(1, 2) };
    await expect(session.step({ x: wrong })).rejects.toThrow('2 values in a Int32Array, expected 2 in a Float32Array');
    await session.dispose();
    await expect(backend.load(descent, {})).rejects.toThrow('the state entry w is missing');
  });

  it('refuses a state whose shape differs from the declared one', async () => {
    const growing: Program = {
      ...descent,
      run: ({ fixed }) => ({ state: { fixed: tf.concat([fixed!, fixed!]) }, outputs: {} }),
    };
    const attempt = async (): Promise<void> => {
      const session = await backend.load(growing, start());
      await session.step({ x }).finally(() => session.dispose());
    };
    await expect(attempt()).rejects.toThrow('returns the state entry fixed as float32 [4], declared float32 [2]');
  });
});

describe.each(backends)('on %s, sessions share a state', (_id, backend) => {
  const w = { shape: [2], dtype: 'float32' } as const;
  const doubling: Program = {
    name: 'doubling',
    state: { w },
    inputs: {},
    run: (state) => ({ state: { w: tf.mul(state.w!, 2) }, outputs: { before: state.w! } }),
  };

  it('so that each sees the updates of the other, also after one is disposed', async () => {
    const owner = await backend.load(descent, start());
    const sharing = await backend.load(doubling, {}, { share: owner });
    await owner.step({ x });
    // Half-way from (0, 4) to (4, 4).
    const { before } = await sharing.step({});
    expect([...before!.data]).toEqual([2, 4]);
    expect([...(await owner.readState(['w'])).w!.data]).toEqual([4, 8]);
    await owner.dispose();
    expect([...(await sharing.step({})).before!.data]).toEqual([4, 8]);
    await sharing.dispose();
  });

  it('only where the other session holds the entries that the program needs', async () => {
    const owner = await backend.load(descent, start());
    const other = (state: Program['state']): Program => ({ ...doubling, state });
    await expect(backend.load(other({ w: { ...w, shape: [3] } }), {}, { share: owner })).rejects.toThrow(
      'its w [3] is [2] there',
    );
    await expect(backend.load(other({ w, v: w }), {}, { share: owner })).rejects.toThrow('its v [2] is missing');
    await owner.dispose();
    await expect(backend.load(doubling, {}, { share: owner })).rejects.toThrow('a session that is disposed');
  });
});
