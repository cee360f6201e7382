import type { Precision } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { initialState, makeBatch, trainingProgram } from '../../backend-trace/test/tiny-transformer.js';
import { XlaCpu } from '../src/index.js';
import { traceProgram } from '../src/trace.js';
import { cpuPlugin } from './cpu-plugin.js';

const products = async (precision: Precision): Promise<string[]> => {
  const { text } = await traceProgram(trainingProgram, { precision });
  return text.split('\n').filter((line) => line.includes('stablehlo.dot_general'));
};

describe('the precision of a program', () => {
  it('is full float32 by default', async () => {
    const lines = await products('float32');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatch(/precision = \[HIGHEST, HIGHEST\] : \(tensor<\S+f32>/);
  });

  it('tf32 leaves products to the device', async () => {
    for (const line of await products('tf32')) expect(line).not.toContain('HIGHEST');
  });

  it('bfloat16 lowers products with weights and what follows, but not the state, the outputs, sums and exponentials', async () => {
    const lines = await products('bfloat16');
    const lowered = lines.filter((line) => /\(tensor<\S+bf16>, tensor<\S+bf16>\) -> tensor<\S+bf16>/.test(line));
    // The logits of the loss and its gradients have no weight.
    expect(lowered.length).toBeGreaterThan(lines.length / 2);
    expect(lowered.length).toBeLessThan(lines.length);
    const { text } = await traceProgram(trainingProgram, { precision: 'bfloat16' });
    const [head] = text.match(/func\.func .*\n/)!;
    expect(head).not.toContain('bf16');
    for (const line of text.split('\n'))
      if (/stablehlo\.(reduce|exponential|log|rsqrt|sqrt|power)\b/.test(line)) expect(line).not.toContain('bf16');
  });
});

describe.skipIf(!cpuPlugin)('a training', () => {
  const train = async (precision: Precision, lines: string[] = []): Promise<number[]> => {
    const session = await new XlaCpu().load(trainingProgram, initialState(), {
      precision,
      log: (line) => lines.push(line),
    });
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) losses.push((await session.step(makeBatch(i % 2))).loss!.data[0]!);
    await session.dispose();
    return losses;
  };

  it('in bfloat16 passes the self-check and follows float32 to a hundredth', async () => {
    const lines: string[] = [];
    const [low, full] = [await train('bfloat16', lines), await train('float32')];
    expect(lines[1]).toMatch(/agrees with the eager reference/);
    expect(low).not.toEqual(full);
    for (const [i, loss] of full.entries()) expect(Math.abs(low[i]! - loss), `step ${i}`).toBeLessThan(1e-2 * loss);
  });
});
