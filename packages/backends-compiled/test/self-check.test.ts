import { compareTensors } from '@medbench/backend-trace';
import { describe, expect, it, vi } from 'vitest';
import type { RuleTable } from '../src/kernels/rule.js';
import { compiledSession } from '../src/session.js';
import { batchOf, initialState, trainingProgram } from './tiny-transformer.js';

// A mapping that is wrong by a little: the sigmoid as its piecewise linear approximation.
vi.mock('../src/kernels/index.js', async (original) => {
  const { KERNELS } = await original<{ KERNELS: RuleTable }>();
  const wrong: RuleTable = { Sigmoid: (b, { x }) => b.unary('HardSigmoid', x!) };
  return { KERNELS: { ...KERNELS, ...wrong } };
});

describe('the self-check', () => {
  it('catches a wrong mapping, with both figures and the name', async () => {
    const session = await compiledSession(trainingProgram, initialState());
    await expect(session.step(batchOf(0))).rejects.toMatchObject({
      code: 'backend',
      message: expect.stringMatching(
        /^tiny: the compiled step disagrees with the eager reference in (loss|m\/\S+): (norm )?[\d.]+ compiled, (norm )?[\d.]+ eager, relative/,
      ),
    });
    await session.dispose();
  });

  it('can be left out', async () => {
    const session = await compiledSession(trainingProgram, initialState(), { selfCheck: false });
    await expect(session.step(batchOf(0))).resolves.toHaveProperty('loss');
    await session.dispose();
  });

  it('compares in the L2 norm, relative to the larger', () => {
    const of = (...values: number[]) => ({
      shape: [values.length],
      dtype: 'float32' as const,
      data: Float32Array.from(values),
    });
    expect(compareTensors(of(3, 4), of(3, 4))).toMatchObject({ compiled: 5, eager: 5, relative: 0, fits: true });
    expect(compareTensors(of(3, 4), of(3, 0))).toMatchObject({ compiled: 5, eager: 3, relative: 0.8, fits: false });
    expect(compareTensors(of(1e-9), of(-1e-9)).fits).toBe(true);
    expect(compareTensors(of(Number.NaN), of(1)).fits).toBe(false);
  });
});
