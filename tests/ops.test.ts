import { activateWasm } from '@medbench/backends-wasm';
import { activateBackend, eagerSession } from '@medbench/backends-wasm/eager';
import type { HostTensors } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { engines } from './support/engines.js';
import { OP_CASES, type OpCase, programOf, worst } from './support/op-cases.js';

// The reference is TensorFlow.js's plain JavaScript backend: the one with no code of ours and no native code.
async function reference(oneCase: OpCase): Promise<HostTensors> {
  await activateWasm();
  const session = await eagerSession(programOf(oneCase), {}, { activate: () => activateBackend('cpu') });
  const outputs = await session.step(oneCase.inputs);
  await session.dispose();
  return outputs;
}

describe.each(engines)('%s gives what the plain JavaScript backend gives', (_id, backend) => {
  it.each(OP_CASES.map((oneCase) => [oneCase.name, oneCase] as const))('%s', async (_, oneCase) => {
    const expected = await reference(oneCase);
    const session = await backend.load(programOf(oneCase), {});
    const found = await session.step(oneCase.inputs);
    await session.dispose();
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, tensor] of Object.entries(expected)) {
      expect(found[name]!.shape, name).toEqual(tensor.shape);
      expect(found[name]!.dtype, name).toBe(tensor.dtype);
      expect(worst(found[name]!, tensor, 2e-5, 2e-6), name).toBeLessThan(1);
    }
  });
});
