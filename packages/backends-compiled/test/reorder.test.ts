import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensors } from '@medbench/core';
import { afterAll, describe, expect, it } from 'vitest';
import { writtenAs } from '../src/graph/reorder.js';
import { loadRuntime, sessionOptions } from '../src/runtime.js';
import { traceProgram } from '../src/trace.js';
import { batchOf, initialState, trainingProgram } from './tiny-transformer.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-reorder-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Event {
  readonly name: string;
  readonly args: { readonly op_name: string; readonly output_type_shape: unknown };
}

const named = (space: string, tensors: HostTensors) =>
  Object.entries(tensors).map(([name, tensor]) => [`${space}/${name}`, tensor] as const);
const FEEDS = Object.fromEntries([...named('state', initialState()), ...named('input', batchOf(0))]);

/** Runs a model once. @returns the loss, and what ran in its order, as its profile has it. */
async function ran(model: Uint8Array, name: string, own: object) {
  const runtime = await loadRuntime();
  const profile = { enableProfiling: true, profileFilePrefix: join(folder, name) };
  const session = await runtime.InferenceSession.create(model, { ...sessionOptions('cpu'), ...profile, ...own });
  const feeds = session.inputNames.map((input) => {
    const { dtype, data, shape } = FEEDS[input]!;
    return [input, new runtime.Tensor(dtype, data, [...shape])];
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  session.endProfiling();
  const file = readdirSync(folder).find((one) => one.startsWith(`${name}_`));
  const events = JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Event[];
  return {
    loss: outputs['output/loss']!.data[0],
    order: events
      .filter((event) => event.name.endsWith('_kernel_time'))
      .map(({ args }) => `${args.op_name} ${JSON.stringify(args.output_type_shape)}`),
  };
}

/** Places that hold something else. */
const misplaced = (a: readonly string[], b: readonly string[]): number => a.filter((one, i) => one !== b[i]).length;

describe('an optimized graph, written as it was before', () => {
  it('runs in the order of the session that made it, which it does not as it was written, with the same loss', async () => {
    const { model } = await traceProgram(trainingProgram);
    const file = join(folder, 'optimized.onnx');
    const first = await ran(model, 'first', { optimizedModelFilePath: file, logSeverityLevel: 3 });
    const optimized = readFileSync(file);
    const untouched = await ran(optimized, 'untouched', { graphOptimizationLevel: 'disabled' });
    const again = await ran(writtenAs(model, optimized), 'again', { graphOptimizationLevel: 'disabled' });
    expect(again.loss).toBe(first.loss);
    expect([...again.order].sort()).toEqual([...first.order].sort());
    expect(misplaced(first.order, untouched.order)).toBeGreaterThan(first.order.length / 4);
    expect(misplaced(first.order, again.order)).toBeLessThan(first.order.length / 20);
  });
});
