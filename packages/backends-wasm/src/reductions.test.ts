import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { activateWasm } from './load-wasm.js';

beforeAll(activateWasm);

/** Computes sums over some axes by definition, in float64. */
function summed(data: ArrayLike<number>, shape: readonly number[], axes: readonly number[]): number[] {
  const outShape = shape.filter((_, axis) => !axes.includes(axis));
  const sums = Array<number>(outShape.reduce((size, side) => size * side, 1)).fill(0);
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    const index = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const outIndex = index
      .filter((_, axis) => !axes.includes(axis))
      .reduce((sum, coordinate, k) => sum * outShape[k]! + coordinate, 0);
    sums[outIndex]! += data[i]!;
  }
  return sums;
}

describe('sums and means on WebAssembly', () => {
  it('are right to the last digit of float32 for half a million squares', () => {
    const data = normal('gradient', [500_000]).data as Float32Array;
    const exact = data.reduce((sum, value) => sum + value ** 2, 0);
    const squares = tf.tidy(() => tf.square(tf.tensor1d(data)));
    expect(Math.abs(tf.sum(squares).dataSync()[0]! / exact - 1)).toBeLessThan(1e-7);
    expect(Math.abs((tf.mean(squares).dataSync()[0]! * 500_000) / exact - 1)).toBeLessThan(2e-7);
  });

  it.each([[[0]], [[1]], [[2]], [[0, 1]], [[1, 2]], [[2, 1]], [[0, 2]], [[0, 1, 2]], [[-1]], [[]]])(
    'agree with their definition over the axes %j',
    (axes) => {
      const shape = [3, 4, 5];
      const { data } = normal('x', shape);
      const positive = axes.map((axis) => (axis + 3) % 3);
      const x = tf.tensor(data, shape);
      const expected = summed(data, shape, positive);
      const count = positive.reduce((size, axis) => size * shape[axis]!, 1);
      const kept = tf.sum(x, axes, true);
      expect(kept.shape).toEqual(shape.map((side, axis) => (positive.includes(axis) ? 1 : side)));
      for (const [i, value] of [...kept.dataSync()].entries()) expect(value).toBeCloseTo(expected[i]!, 5);
      for (const [i, value] of [...tf.mean(x, axes).dataSync()].entries())
        expect(value).toBeCloseTo(expected[i]! / count, 5);
    },
  );

  it('are left to the original kernels for other types and for empty tensors', () => {
    expect([...tf.sum(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), 0).dataSync()]).toEqual([4, 6]);
    expect(tf.sum(tf.tensor1d([true, true, false], 'bool')).dataSync()[0]).toBe(2);
    expect(tf.sum(tf.zeros([2, 0]), 1).shape).toEqual([2]);
  });
});
