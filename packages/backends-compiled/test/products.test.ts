import type { HostTensor, Program } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compiledSession } from '../src/session.js';
import { traceProgram } from '../src/trace.js';

const ROWS = 300;

/** `aᵀ b` in 64 bits. */
function exactProduct(a: HostTensor, b: HostTensor): number[] {
  const [width, columns] = [a.shape[1]!, b.shape[1]!];
  const sums = new Array<number>(width * columns).fill(0);
  for (let row = 0; row < ROWS; row++)
    for (let i = 0; i < width; i++)
      for (let j = 0; j < columns; j++) sums[i * columns + j]! += a.data[row * width + i]! * b.data[row * columns + j]!;
  return sums;
}

/** `(0.37 a)ᵀ b`, `[width, columns]`. */
function overRows(width: number, columns: number) {
  const state = { a: normal('a', [ROWS, width]), b: normal('b', [ROWS, columns]) };
  const program: Program = {
    name: 'product-over-rows',
    state: Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, { shape, dtype: 'float32' }])),
    inputs: {},
    run: ({ a, b }) => ({ outputs: { product: tf.matMul(tf.mul(a!, 0.37) as tf.Tensor2D, b as tf.Tensor2D, true) } }),
  };
  return { state, program };
}

describe('a product over many rows', () => {
  it.each([
    ['the left matrix if it is the narrower one', 20, 48, [[1, 20, ROWS]]],
    [
      'the right matrix if it is the narrower one, and then the result',
      96,
      20,
      [
        [1, 20, ROWS],
        [96, 20],
      ],
    ],
    ['nothing if there are few columns', 4, 48, []],
  ])('transposes %s', async (_, width, columns, transposed) => {
    const { state, program } = overRows(width, columns);
    const { nodes } = (await traceProgram(program)).run;
    const moved = nodes.filter(({ op }) => op === 'Transpose');
    expect(moved.map(({ outputs }) => outputs[0]!.shape)).toEqual(transposed);
    // The constant factor is part of the product.
    expect(nodes.filter(({ op }) => op === 'Mul')).toEqual([]);
    const session = await compiledSession(program, state);
    const { product } = await session.step({});
    await session.dispose();
    expect(product!.shape).toEqual([width, columns]);
    const exact = exactProduct(state.a, state.b);
    for (const [i, expected] of exact.entries()) expect(product!.data[i]).toBeCloseTo(0.37 * expected, 4);
  });
});
