import '@tensorflow/tfjs-backend-cpu';
import { activateBackend } from '@medbench/backend-kit';
import type { HostTensor, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareTensors, type EagerReference, selfCheck } from '../src/index.js';

const vector = (...values: number[]): HostTensor => ({
  shape: [values.length],
  dtype: 'float32',
  data: Float32Array.from(values),
});

const reference: EagerReference = { name: 'JavaScript', activate: () => activateBackend('cpu'), largestBytes: 1000 };
const doubling: Program = {
  name: 'doubling',
  state: { w: { shape: [2], dtype: 'float32' } },
  inputs: {},
  selfCheck: ['w', 'loss'],
  run: ({ w }) => ({ state: { w: tf.mul(w!, 2) }, outputs: { loss: tf.reshape(tf.sum(w!), [1]) } }),
};

/** Self-checks a step with these results. @returns the logged lines. */
async function check(w: HostTensor, loss: HostTensor, tracedBytes = 100): Promise<string[]> {
  const lines: string[] = [];
  await selfCheck({
    reference,
    program: doubling,
    state: { w: vector(3, 4) },
    inputs: {},
    compiled: { state: { w }, outputs: { loss } },
    tracedBytes,
    log: (line) => lines.push(line),
  });
  return lines;
}

describe('the self-check', () => {
  it('runs the step on the reference, and logs the largest difference', async () => {
    expect(await check(vector(6, 8), vector(7))).toEqual([
      expect.stringMatching(
        /^doubling: agrees with the eager reference in 2 tensors \(largest relative difference 0\.0e\+0/,
      ),
    ]);
  });

  it('names the tensor that differs, with both figures', async () => {
    await expect(check(vector(6, 8), vector(7.1))).rejects.toMatchObject({
      code: 'backend',
      message: expect.stringMatching(
        /^doubling: the compiled step disagrees with the eager reference in loss: 7\.09\d+ compiled, 7 eager, relative difference 1\.4e-2$/,
      ),
    });
    await expect(check(vector(6, 0), vector(7))).rejects.toThrow(
      'in w: norm 6 compiled, norm 10 eager, relative difference 8.0e-1',
    );
  });

  it('skips a program that is too large for the reference, and logs that', async () => {
    expect(await check(vector(0, 0), vector(0), 2 ** 30)).toEqual([
      'doubling: not checked against the eager reference, 1.0 GiB of tensors do not fit JavaScript',
    ]);
  });

  it('compares in the L2 norm, relative to the larger norm', () => {
    expect(compareTensors(vector(3, 4), vector(3, 4))).toMatchObject({
      compiled: 5,
      eager: 5,
      relative: 0,
      agrees: true,
    });
    expect(compareTensors(vector(3, 4), vector(3, 0))).toMatchObject({
      compiled: 5,
      eager: 3,
      relative: 0.8,
      agrees: false,
    });
    expect(compareTensors(vector(1e-9), vector(-1e-9)).agrees).toBe(true);
    expect(compareTensors(vector(Number.NaN), vector(1)).agrees).toBe(false);
  });
});
