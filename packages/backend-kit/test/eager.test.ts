import '@tensorflow/tfjs-backend-cpu';
import type { HostTensor, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { activateBackend, eagerSession } from '../src/index.js';

const float = (...values: number[]): HostTensor => ({
  shape: [values.length],
  dtype: 'float32',
  data: Float32Array.from(values),
});
const activate = (): Promise<string> => activateBackend('cpu');

/** One step of gradient descent on the sum of squares: w becomes w - rate · 2 w. */
const descent: Program = {
  name: 'descent',
  state: { w: { shape: [2], dtype: 'float32' } },
  inputs: { rate: { shape: [1], dtype: 'float32' } },
  run: ({ w }, { rate }) => {
    const gradient = tf.grad((x) => tf.sum(tf.square(x)))(w!);
    return { state: { w: tf.sub(w!, tf.mul(gradient, rate!)) }, outputs: { loss: tf.sum(tf.square(w!)) } };
  },
};

const reading: Program = {
  name: 'reading',
  state: { w: { shape: [2], dtype: 'float32' } },
  inputs: {},
  run: ({ w }) => ({ outputs: { sum: tf.sum(w!) } }),
};

describe('the eager session', () => {
  it('keeps its state from step to step, and disposes of all its tensors', async () => {
    await activate();
    const before = tf.memory().numTensors;
    const session = await eagerSession(descent, { w: float(4, 8) }, { activate });
    const losses = [];
    for (let i = 0; i < 3; i++) losses.push((await session.step({ rate: float(0.25) })).loss!.data[0]);
    expect(losses).toEqual([80, 20, 5]);
    expect(await session.readState()).toEqual({ w: float(0.5, 1) });
    await session.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(session.step({ rate: float(1) })).rejects.toThrow('The session of descent was disposed');
  });

  it('takes bytes for the values that they stand for, and refuses a table of another size', async () => {
    const session = await eagerSession(descent, { w: float(4, 8) }, { activate });
    const levels = new Float32Array(256);
    levels[7] = 0.25;
    const rate = { shape: [1], dtype: 'float32', data: Uint8Array.of(7) } as const;
    await session.step({ rate: { ...rate, levels } });
    expect(await session.readState()).toEqual({ w: float(2, 4) });
    await expect(session.step({ rate: { ...rate, levels: new Float32Array(255) } })).rejects.toThrow(
      'the input rate has 1 values in a Uint8Array, expected 1 in a Float32Array',
    );
    await expect(session.step({ rate })).rejects.toThrow('in a Uint8Array, expected 1 in a Float32Array');
    await session.dispose();
  });

  it('shares its state with another program until both sessions are disposed', async () => {
    const session = await eagerSession(descent, { w: float(4, 8) }, { activate });
    const other = await eagerSession(reading, {}, { activate, share: session });
    await session.step({ rate: float(0.25) });
    expect((await other.step({})).sum!.data[0]).toBe(6);
    await session.dispose();
    expect((await other.step({})).sum!.data[0]).toBe(6);
    await other.dispose();
    await expect(eagerSession(reading, {}, { activate, share: session })).rejects.toThrow(
      'reading cannot share the state of a session that is disposed or belongs to another backend',
    );
  });

  it.each([
    [{ w: float(1) }, 'Program descent: the state entry w is float32 [1], expected float32 [2]'],
    [{}, 'Program descent: the state entry w is missing'],
    [{ w: float(1, 2), v: float(1) }, 'Program descent has no state entry v'],
  ])('refuses a state that does not fit the program', async (state, message) => {
    await expect(eagerSession(descent, state, { activate })).rejects.toMatchObject({ code: 'backend', message });
  });

  it('names a state entry that a program returns in another shape', async () => {
    const growing: Program = { ...reading, run: ({ w }) => ({ state: { w: tf.concat([w!, w!]) }, outputs: {} }) };
    const session = await eagerSession(growing, { w: float(1, 2) }, { activate });
    await expect(session.step({})).rejects.toThrow(
      'Program reading returns the state entry w as float32 [4], declared float32 [2]',
    );
    await session.dispose();
  });

  it('names the TensorFlow.js backend that does not start', async () => {
    tf.registerBackend('none', () => {
      throw new Error('no such device');
    });
    await expect(activateBackend('none')).rejects.toThrow('TensorFlow.js could not start its backend none');
    tf.removeBackend('none');
  });
});
