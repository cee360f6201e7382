import { eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensors, Session } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initialState, makeBatch, trainingProgram } from '../../backend-trace/test/tiny-transformer.js';
import { compiledSession } from '../src/session.js';

async function train(session: Session, steps: number): Promise<{ losses: number[]; state: HostTensors }> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await session.step(makeBatch(i % 2))).loss!.data[0]!);
  const state = await session.readState();
  await session.dispose();
  return { losses, state };
}

describe('training a small transformer on the compiled backend', () => {
  // AdamW divides a gradient by its own size, so a parameter with rounding noise for a gradient would move randomly.
  // Therefore every parameter here has a real gradient, and epsilon is 1e-4. The tolerance is relative to the largest
  // weight of each array.
  it('moves every weight as the eager backend does over 20 steps', async () => {
    const compiled = await train(await compiledSession(trainingProgram, initialState()), 20);
    const eager = await train(await eagerSession(trainingProgram, initialState(), { activate: activateWasm }), 20);
    expect(compiled.losses.at(-1)).toBeLessThan(compiled.losses[0]!);
    for (const [i, loss] of eager.losses.entries()) expect(Math.abs(compiled.losses[i]! - loss)).toBeLessThan(1e-4);
    for (const [name, { data }] of Object.entries(eager.state)) {
      const largest = Math.max(1e-6, ...Array.from(data, Math.abs));
      data.forEach((value, i) => {
        expect(Math.abs(compiled.state[name]!.data[i]! - value) / largest, name).toBeLessThan(1e-4);
      });
    }
  });

  it('gives the same bits when repeated', async () => {
    const once = await train(await compiledSession(trainingProgram, initialState(), { selfCheck: false }), 10);
    const again = await train(await compiledSession(trainingProgram, initialState(), { selfCheck: false }), 10);
    expect(again.losses).toEqual(once.losses);
    for (const [name, { data }] of Object.entries(once.state)) expect(again.state[name]!.data, name).toEqual(data);
  });

  it('is checked against the eager backend at the first step, and logs that', async () => {
    const lines: string[] = [];
    const session = await compiledSession(trainingProgram, initialState(), { log: (line) => lines.push(line) });
    await session.step(makeBatch(0));
    await session.step(makeBatch(1));
    await session.dispose();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^tiny: recorded \d+ operations/);
    expect(lines[1]).toMatch(/^tiny: agrees with the eager reference in 15 tensors/);
  });

  it('leaks no tensors and no memory over 200 steps', async () => {
    const session = await compiledSession(trainingProgram, initialState(), { selfCheck: false });
    const batches = Array.from({ length: 4 }, (_, i) => makeBatch(i));
    for (let i = 0; i < 50; i++) await session.step(batches[i % 4]!);
    const [tensors, rss] = [tf.memory().numTensors, process.memoryUsage().rss];
    for (let i = 0; i < 200; i++) await session.step(batches[i % 4]!);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(process.memoryUsage().rss - rss).toBeLessThan(32 * 2 ** 20);
    await session.dispose();
  });

  it('takes turns with another backend', async () => {
    const compiled = await compiledSession(trainingProgram, initialState(), { selfCheck: false });
    const eager = await eagerSession(trainingProgram, initialState(), { activate: activateWasm });
    for (let i = 0; i < 3; i++) {
      const [a, b] = await Promise.all([compiled.step(makeBatch(i)), eager.step(makeBatch(i))]);
      expect(Math.abs(a.loss!.data[0]! - b.loss!.data[0]!)).toBeLessThan(1e-4);
    }
    await compiled.dispose();
    await eager.dispose();
  });
});
