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
});
