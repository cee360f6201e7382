import type { Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { traceProgram } from '../trace.js';

const square = { shape: [8, 8], dtype: 'float32' } as const;
const row = { shape: [8], dtype: 'float32' } as const;

/** The entries that a program may update in place. */
async function inPlace(state: Program['state'], run: Program['run']): Promise<readonly string[]> {
  const { updated, inPlace } = await traceProgram({ name: 'updating', state, inputs: { x: square }, run });
  expect(updated).toEqual(Object.keys(state));
  return inPlace;
}
const matrix = (tensor: tf.Tensor): tf.Tensor2D => tensor as tf.Tensor2D;

describe('state entries that are updated in place', () => {
  it('are those whose every reader runs before the writer, or is it', async () => {
    const found = await inPlace({ w: square, m: square }, ({ w, m }, { x }) => {
      // Four rows, so that only w and its gradient have the size of w.
      const rows = tf.slice(matrix(x!), 0, 4);
      const gradient = tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.matMul(rows, matrix(v)))))(w!);
      const clipped = tf.div(gradient, tf.sqrt(tf.sum(tf.square(gradient))));
      const moment = tf.add(tf.mul(m!, 0.9), tf.mul(clipped, 0.1));
      return { state: { w: tf.sub(w!, tf.mul(moment, 0.01)), m: moment }, outputs: { y: tf.sum(gradient) } };
    });
    expect(found).toEqual(['w', 'm']);
  });

  it('are not those that a later or an independent node reads', async () => {
    const found = await inPlace({ w: square, v: square }, ({ w, v }, { x }) => ({
      // The product reads w, and nothing says that it runs before the new w is written. The new w reads v.
      state: { w: tf.add(w!, v!), v: tf.mul(v!, 2) },
      outputs: { y: tf.matMul(matrix(x!), matrix(w!)) },
    }));
    expect(found).toEqual([]);
  });

  it('are not those that are read as a view, or returned, after the writer could have run', async () => {
    const viewed = await inPlace({ w: square }, ({ w }, { x }) => ({
      state: { w: tf.add(w!, x!) },
      outputs: { y: tf.exp(tf.reshape(w!, [64])) },
    }));
    expect(viewed).toEqual([]);
    const returned = await inPlace({ w: square }, ({ w }, { x }) => ({
      state: { w: tf.add(w!, x!) },
      outputs: { y: tf.clone(w!) },
    }));
    expect(returned).toEqual([]);
  });

  it('are not those that are exchanged, moved, or multiplied as matrices', async () => {
    expect(await inPlace({ a: square, b: square }, ({ a, b }) => ({ state: { a: b!, b: a! }, outputs: {} }))).toEqual(
      [],
    );
    const moved = await inPlace({ queue: square }, ({ queue }, { x }) => ({
      state: { queue: tf.concat([tf.slice(x!, 0, 2), tf.slice(queue!, 0, 6)]) },
      outputs: {},
    }));
    expect(moved).toEqual([]);
    const product = await inPlace({ w: square, b: row }, ({ w, b }, { x }) => ({
      // ONNX Runtime computes a product and a sum as one operator.
      state: { w: tf.add(tf.matMul(matrix(x!), matrix(w!)), b!), b: tf.add(b!, 1) },
      outputs: {},
    }));
    expect(product).toEqual([]);
  });
});
