import { goldenCases } from '@medbench/objectives/testing';
import { describe, expect, it } from 'vitest';
import { allBackends as backends } from './support/backends.js';

describe.each(backends)('golden losses on %s', (_, backend) => {
  it.each(goldenCases.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const inputs = Object.fromEntries(
      Object.entries(golden.inputs).map(([key, { shape, dtype }]) => [key, { shape, dtype }]),
    );
    const session = await backend.load(
      { name, state: {}, inputs, run: (_state, given) => ({ outputs: golden.run(given) }) },
      {},
    );
    const outputs = await session.step(golden.inputs);
    await session.dispose();
    for (const [key, expected] of Object.entries(golden.expected)) {
      const values = [...outputs[key]!.data];
      expect(values).toHaveLength(expected.length);
      for (const [i, value] of values.entries()) {
        const allowed = golden.tolerance * Math.max(1, Math.abs(expected[i]!));
        expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(allowed);
      }
    }
  });
});
