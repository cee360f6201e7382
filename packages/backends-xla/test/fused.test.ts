import { eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensors, Program } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import { differentiate, layerNorm } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ATTENTION_CASES, attentionCase } from '../../backend-trace/test/attention-cases.js';
import { XlaCpu } from '../src/index.js';
import { cpuPlugin } from './cpu-plugin.js';

/** Compares a program with the eager backend, which has no fused kernels and composes them of operations. */
async function compare(program: Program, state: HostTensors): Promise<void> {
  const sessions = [
    await new XlaCpu().load(program, state),
    await eagerSession(program, state, { activate: activateWasm }),
  ];
  const [found, eager] = (await Promise.all(sessions.map((session) => session.step({})))) as [HostTensors, HostTensors];
  await Promise.all(sessions.map((session) => session.dispose()));
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(eager).toSorted());
  for (const [name, { data }] of Object.entries(eager)) {
    const largest = Math.max(1e-3, ...Array.from(data, Math.abs));
    data.forEach((value, i) => {
      expect(Math.abs(found[name]!.data[i]! - value) / largest, `${name}[${i}]`).toBeLessThan(2e-5);
    });
  }
}

describe.skipIf(!cpuPlugin)('fused kernels have the values and gradients of the eager backend', () => {
  it.each(ATTENTION_CASES)('attention: %o', async (testCase) => {
    const { program, state } = attentionCase(testCase);
    await compare(program, state);
  });

  it.each([[[7, 12]], [[2, 5, 12]]])('layer norm of %j', async (shape) => {
    const state = {
      x: normal('x', shape),
      gain: normal('gain', [shape.at(-1)!]),
      bias: normal('bias', [shape.at(-1)!]),
      weighting: normal('weighting', shape),
    };
    const program: Program = {
      name: 'norm',
      state: Object.fromEntries(
        Object.entries(state).map(([name, one]) => [name, { shape: one.shape, dtype: 'float32' as const }]),
      ),
      inputs: {},
      run(current) {
        const { weighting, ...variables } = current as Record<string, tf.Tensor>;
        const { value, gradients, terms } = differentiate(variables, ({ x, gain, bias }) => {
          const y = layerNorm(x!, gain!, bias!);
          return { value: tf.sum(tf.mul(y, weighting!)) as tf.Scalar, terms: { y } };
        });
        return { outputs: { value, y: terms.y!, ...gradients } };
      },
    };
    await compare(program, state);
  });
});
