import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfCheck } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import type { HostTensor, HostTensors, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { initialState, makeBatch, trainingProgram } from '../../backend-trace/test/tiny-transformer.js';
import type { OnnxRuleTable } from '../src/kernels/rule.js';
import { compiledSession } from '../src/session.js';

// A rule that is slightly wrong: the sigmoid as its piecewise linear approximation.
vi.mock('../src/kernels/index.js', async (original) => {
  const { KERNELS } = await original<{ KERNELS: OnnxRuleTable }>();
  const wrong: OnnxRuleTable = { Sigmoid: (b, { x }) => b.unary('HardSigmoid', x!) };
  return { KERNELS: { ...KERNELS, ...wrong } };
});

const scalar = (value: number): HostTensor => ({ shape: [], dtype: 'float32', data: Float32Array.of(value) });

describe('the self-check of the first step', () => {
  it('catches a wrong rule and names the tensor with both figures', async () => {
    const session = await compiledSession(trainingProgram, initialState());
    await expect(session.step(makeBatch(0))).rejects.toMatchObject({
      code: 'backend',
      message: expect.stringMatching(
        /^tiny: the compiled step disagrees with the eager reference in (loss|m\/\S+): (norm )?[\d.]+ compiled, (norm )?[\d.]+ eager, relative/,
      ),
    });
    await session.dispose();
  });

  it('is repeated after a disagreement, although the graph is cached', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'disagreement-'));
    for (let i = 0; i < 2; i++) {
      const session = await compiledSession(trainingProgram, initialState(), { cache });
      await expect(session.step(makeBatch(0))).rejects.toThrow('disagrees with the eager reference');
      await session.dispose();
    }
    await rm(cache, { recursive: true });
  });

  it('can be turned off', async () => {
    const session = await compiledSession(trainingProgram, initialState(), { selfCheck: false });
    await expect(session.step(makeBatch(0))).resolves.toHaveProperty('loss');
    await session.dispose();
  });

  it('accepts a loss that is not finite on both backends, and refuses one that is not finite on one backend', async () => {
    const program = (value: (x: tf.Tensor) => tf.Tensor): Program => ({
      name: 'root',
      state: {},
      inputs: { x: { shape: [2], dtype: 'float32' } },
      selfCheck: ['loss', 'later'],
      run: (_, { x }) => ({ outputs: { loss: tf.sum(value(x!)), later: tf.log(x!) } }),
    });
    const inputs = { x: { shape: [2], dtype: 'float32' as const, data: Float32Array.of(-1, 1) } };
    const lines: string[] = [];
    const session = await compiledSession(program(tf.sqrt), {}, { log: (line) => lines.push(line) });
    expect((await session.step(inputs)).loss!.data[0]).toBeNaN();
    expect(lines.join()).toContain('root: loss is not finite on either backend, so nothing more is compared');
    await session.dispose();
    const state: HostTensors = {};
    const compiled = { state, outputs: { loss: scalar(Number.NaN), later: inputs.x } };
    const checkOptions = { state, inputs, compiled, tracedBytes: 0, log: () => {}, reference: wasmReference };
    await expect(selfCheck({ ...checkOptions, program: program(tf.square) })).rejects.toThrow(
      'root: the compiled step disagrees with the eager reference in loss: NaN compiled, 2 eager',
    );
  });
});
