import type { HostTensors, Program } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compiledSession } from '../src/session.js';
import { traceProgram } from '../src/trace.js';

async function step(program: Program, state: HostTensors): Promise<HostTensors> {
  const session = await compiledSession(program, state);
  const outputs = await session.step({});
  await session.dispose();
  return outputs;
}

describe('a product of many rows with a vector', () => {
  const ROWS = 1032;
  it('is computed in blocks of rows and is right, with the vector on either side', async () => {
    const state = {
      matrix: normal('matrix', [ROWS, 5]),
      right: normal('right', [5, 1]),
      left: normal('left', [1, ROWS]),
    };
    const program: Program = {
      name: 'vectors',
      state: Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, { shape, dtype: 'float32' }])),
      inputs: {},
      run: ({ matrix, left, right }) => ({
        outputs: {
          right: tf.matMul(matrix as tf.Tensor2D, right as tf.Tensor2D),
          left: tf.matMul(left as tf.Tensor2D, matrix as tf.Tensor2D),
          turned: tf.matMul(tf.transpose(left!) as tf.Tensor2D, matrix as tf.Tensor2D, true),
        },
      }),
    };
    const { nodes } = (await traceProgram(program)).proto;
    expect(nodes.filter(({ op }) => op === 'Gemm')).toEqual([]);
    const { right, left, turned } = await step(program, state);
    const element = (row: number, column: number): number => state.matrix.data[row * 5 + column]!;
    for (let row = 0; row < ROWS; row++) {
      const expected = Array.from({ length: 5 }, (_, i) => element(row, i) * state.right.data[i]!);
      expect(right!.data[row]).toBeCloseTo(
        expected.reduce((sum, term) => sum + term),
        4,
      );
    }
    for (let column = 0; column < 5; column++) {
      let expected = 0;
      for (let row = 0; row < ROWS; row++) expected += state.left.data[row]! * element(row, column);
      expect(left!.data[column]).toBeCloseTo(expected, 3);
      expect(turned!.data[column]).toBe(left!.data[column]);
    }
  });
});
