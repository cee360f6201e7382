import { eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensors, Program, TensorMap } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import { linear, scaledDotProduct } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ATTENTION_CASES, attentionCase, attentionProgram, BATCH } from '../../backend-trace/test/attention-cases.js';
import { runOnnx, traceToOnnx } from '../src/index.js';
import { compiledSession } from '../src/session.js';
import { TRACER, traceProgram } from '../src/trace.js';

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
  it.each(ATTENTION_CASES)('gives the values and gradients of the eager backend: %o', async (testCase) => {
    const { program, state } = attentionCase(testCase);
    await compare(program, state);
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
