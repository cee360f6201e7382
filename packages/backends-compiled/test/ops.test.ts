import { activateWasm } from '@medbench/backends-wasm';
import { activateBackend, eagerSession } from '@medbench/backends-wasm/eager';
import { describe, expect, it } from 'vitest';
import { compiledSession } from '../src/session.js';
import { OP_CASES, type OpCase, programOf, worst } from './op-cases.js';

// The reference is TensorFlow.js's plain JavaScript backend: the one with no code of ours and no native code.
async function reference(oneCase: OpCase) {
  await activateWasm();
  const session = await eagerSession(programOf(oneCase), {}, { activate: () => activateBackend('cpu') });
  const outputs = await session.step(oneCase.inputs);
  await session.dispose();
  return outputs;
}

const ENGINES = {
  compiled: (oneCase: OpCase) => compiledSession(programOf(oneCase), {}),
  wasm: (oneCase: OpCase) => eagerSession(programOf(oneCase), {}, { activate: activateWasm }),
};

describe.each(['compiled', 'wasm'] as const)('%s gives what the plain JavaScript backend gives', (engine) => {
  it.each(OP_CASES.map((oneCase) => [oneCase.name, oneCase] as const))('%s', async (_, oneCase) => {
    const expected = await reference(oneCase);
    const session = await ENGINES[engine](oneCase);
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
