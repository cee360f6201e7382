import { eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensor, HostTensors, Program, TensorMap } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import { differentiate, linear, scaledDotProduct } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { runOnnx, traceToOnnx } from '../src/index.js';
import { compiledSession } from '../src/session.js';
import { TRACER, traceProgram } from '../src/trace.js';

const BATCH = 3;

interface Case {
  readonly heads: number;
  /** Width of a head. */
  readonly size: number;
  readonly queries: number;
  readonly keys: number;
  readonly mask?: 'causal' | 'of each example';
}

/** A mask `[B, 1, 1, S]` that hides the last keys of each example: as many as its index in the batch. */
function lengthMask(keys: number): HostTensor {
  const data = new Float32Array(BATCH * keys);
  for (let row = 0; row < BATCH; row++) data.fill(-1e9, row * keys + keys - row, (row + 1) * keys);
  return { shape: [BATCH, 1, 1, keys], dtype: 'float32', data };
}

/** A program that computes a weighted sum of attention, and its gradients. */
function attentionProgram(state: HostTensors, attend: (values: TensorMap) => tf.Tensor): Program {
  return {
    name: 'attention',
    state: Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, { shape, dtype: 'float32' }])),
    inputs: {},
    run(current) {
      const { mask, weighting, ...variables } = current as Record<string, tf.Tensor>;
      const { value, gradients, terms } = differentiate(variables, (values) => {
        const mixed = attend(mask ? { ...values, mask } : values);
        return { value: tf.sum(tf.mul(mixed, weighting!)) as tf.Scalar, terms: { mixed } };
      });
      return { outputs: { value, mixed: terms.mixed!, ...gradients } };
    },
  };
}

const rename = (tensors: HostTensors, from: string, to: string): HostTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [to + name.slice(from.length), tensor]));

/**
 * Compares the compiled program, head by head and with all heads at once, with the eager backend. That backend has no
 * fused kernels and computes all heads at once, from TensorFlow.js's own operations.
 */
async function compare(program: Program, state: HostTensors): Promise<void> {
  const sessions = [
    await compiledSession(program, state),
    await eagerSession(program, state, { activate: activateWasm }),
  ];
  const [compiled, eager] = (await Promise.all(sessions.map((session) => session.step({})))) as [
    HostTensors,
    HostTensors,
  ];
  await Promise.all(sessions.map((session) => session.dispose()));
  const { model } = await traceToOnnx(program, { divided: false });
  const undivided = rename(await runOnnx(model, rename(state, '', 'state/')), 'output/', '');
  expect(Object.keys(compiled).toSorted()).toEqual(Object.keys(eager).toSorted());
  for (const [name, { data }] of Object.entries(eager)) {
    const largest = Math.max(1e-3, ...Array.from(data, Math.abs));
    for (const [title, outputs] of Object.entries({ compiled, whole: undivided }))
      data.forEach((value, i) => {
        const error = Math.abs(outputs[name]!.data[i]! - value) / largest;
        expect(error, `${name}[${i}], ${title}`).toBeLessThan(2e-5);
      });
  }
}

describe('compiled attention, head by head and with all heads at once', () => {
  const cases: Case[] = [
    { heads: 1, size: 8, queries: 5, keys: 5 },
    { heads: 3, size: 4, queries: 5, keys: 7 },
    { heads: 2, size: 4, queries: 9, keys: 9, mask: 'causal' },
    { heads: 2, size: 16, queries: 6, keys: 6, mask: 'causal' },
    { heads: 4, size: 8, queries: 1, keys: 6, mask: 'of each example' },
  ];
  it.each(cases)('gives the values and gradients of the eager backend: %o', async (testCase) => {
    const { heads, size, queries, keys, mask } = testCase;
    const causal = Float32Array.from({ length: queries * keys }, (_, i) =>
      i % keys > Math.floor(i / keys) ? -1e9 : 0,
    );
    const state = {
      q: normal('q', [BATCH, queries, heads * size]),
      k: normal('k', [BATCH, keys, heads * size]),
      v: normal('v', [BATCH, keys, heads * size]),
      weighting: normal('weighting', [BATCH, queries, heads * size]),
      ...(mask === 'causal' ? { mask: { shape: [queries, keys], dtype: 'float32' as const, data: causal } } : {}),
      ...(mask === 'of each example' ? { mask: lengthMask(keys) } : {}),
    };
    const attend = ({ q, k, v, mask: logitMask }: TensorMap): tf.Tensor =>
      scaledDotProduct(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, { heads, mask: logitMask });
    await compare(attentionProgram(state, attend), state);
  });

  // Few heads get one projection each. Many heads are split from one projection.
  it.each([2, 6])('splits a joint projection into %i heads', async (heads) => {
    const [length, size] = [11, 4];
    const width = heads * size;
    const state = {
      x: normal('x', [BATCH, length, width]),
      weight: normal('weight', [3 * width, width]),
      bias: normal('bias', [3 * width]),
      weighting: normal('weighting', [BATCH, length, width]),
    };
    const attend = ({ x, weight, bias }: TensorMap): tf.Tensor => {
      const joint = tf.reshape(linear(x!, weight!, bias), [BATCH * length, 3 * width]);
      const [q, k, v] = tf.split(joint, 3, 1).map((part) => tf.reshape(part, [BATCH, length, width]));
      return scaledDotProduct(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, { heads });
    };
    const program = attentionProgram(state, attend);
    await compare(program, state);
    const { nodes } = (await traceProgram(program)).proto;
    const countNodes = (op: string): number => nodes.filter((node) => node.op === op).length;
    expect(countNodes('Transpose')).toBe(0);
    // Rows of all heads are concatenated once in the forward and once in the backward pass.
    expect(countNodes('Concat')).toBe(2);
    // Few heads: one product per part, and splits of the weights, the biases and the output gradient. Many heads:
    // splits of the projected rows and of the output gradient.
    const few = heads === 2;
    expect([countNodes('Gemm'), countNodes('Split')]).toEqual(few ? [3 * heads + 2, 3] : [1 + 2, 2]);
  });

  // A recording without the fused kernels contains the operations that the eager backend runs.
  it('estimates the bytes that the eager backend computes in place of a fused kernel', async () => {
    const [heads, size, length] = [4, 8, 64];
    const state = Object.fromEntries(
      ['q', 'k', 'v', 'weighting'].map((name) => [name, normal(name, [BATCH, length, heads * size])]),
    );
    const program = attentionProgram(state, ({ q, k, v }) =>
      scaledDotProduct(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, { heads }),
    );
    const { eagerBytes } = await traceProgram(program);
    const kernels = ['FusedAttention', 'FusedAttentionGrad'].map((name) => tf.getKernel(name, TRACER.backendName)!);
    for (const { kernelName } of kernels) tf.unregisterKernel(kernelName, TRACER.backendName);
    const composed = await traceProgram(program).finally(() => {
      for (const kernel of kernels) tf.registerKernel(kernel);
    });
    expect(composed.nodeCount).not.toBe((await traceProgram(program)).nodeCount);
    expect(eagerBytes / composed.eagerBytes).toBeGreaterThan(0.99);
    expect(eagerBytes / composed.eagerBytes).toBeLessThan(1.01);
  });
});
