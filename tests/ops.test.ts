import { activateBackend, eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensors } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { allBackends as backends } from './support/backends.js';
import { caseProgram, OP_CASES, type OpCase, worst } from './support/op-cases.js';
import { WINDOW_CASES } from './support/window-cases.js';

// The reference is TensorFlow.js's plain JavaScript backend, which has no code of medbench and no native code.
async function reference(oneCase: OpCase): Promise<HostTensors> {
  await activateWasm();
  const session = await eagerSession(caseProgram(oneCase), {}, { activate: () => activateBackend('cpu') });
  const outputs = await session.step(oneCase.inputs);
  await session.dispose();
  return outputs;
}

describe.each(backends)('%s equals the plain JavaScript backend', (_id, backend) => {
  const cases = [...OP_CASES, ...WINDOW_CASES];
  it.each(cases.map((oneCase) => [oneCase.name, oneCase] as const))('%s', async (_, oneCase) => {
    const expected = await reference(oneCase);
    const session = await backend.load(caseProgram(oneCase), {});
    const outputs = await session.step(oneCase.inputs);
    await session.dispose();
    expect(Object.keys(outputs)).toEqual(Object.keys(expected));
    for (const [name, tensor] of Object.entries(expected)) {
      expect(outputs[name]!.shape, name).toEqual(tensor.shape);
      expect(outputs[name]!.dtype, name).toBe(tensor.dtype);
      expect(worst(outputs[name]!, tensor, 2e-5, 2e-6), name).toBeLessThan(1);
    }
  });
});

// The gradient of the plain JavaScript backend counts padding as part of a mean, so the reference is computed by hand:
// the windows over a, b, c are (a, b), (b, c) and (c).
const PADS: Parameters<typeof tf.avgPool>[3][] = [
  'same',
  [
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 0],
  ],
];
it.each(backends.flatMap(([id, backend]) => PADS.map((pad) => [id, pad, backend] as const)))(
  '%s leaves padding (%j) out of the gradient of an average pool',
  async (_id, pad, backend) => {
    const oneCase: OpCase = {
      name: 'padded mean',
      inputs: { x: { shape: [1, 1, 3, 1], dtype: 'float32', data: Float32Array.of(1, 2, 3) } },
      differentiate: [],
      run: ({ x }) => tf.grad((v) => tf.sum(tf.avgPool(v as tf.Tensor4D, [1, 2], 1, pad)))(x!),
    };
    const session = await backend.load(caseProgram(oneCase), {});
    const { y0 } = await session.step(oneCase.inputs);
    await session.dispose();
    expect([...y0!.data]).toEqual([0.5, 1, 1.5]);
  },
);
