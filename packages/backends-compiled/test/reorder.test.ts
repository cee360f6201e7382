import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensors } from '@medbench/core';
import { afterAll, describe, expect, it } from 'vitest';
import { initialState, makeBatch, trainingProgram } from '../../backend-trace/test/tiny-transformer.js';
import { restoreNodeOrder } from '../src/graph/reorder.js';
import { loadRuntime, sessionOptions } from '../src/runtime.js';
import { traceProgram } from '../src/trace.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-reorder-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Event {
  readonly name: string;
  readonly args: { readonly op_name: string; readonly output_type_shape: unknown };
}

const withPrefix = (space: string, tensors: HostTensors) =>
  Object.entries(tensors).map(([name, tensor]) => [`${space}/${name}`, tensor] as const);
const FEEDS = Object.fromEntries([...withPrefix('state', initialState()), ...withPrefix('input', makeBatch(0))]);

/** Runs a model once with profiling. @returns the loss and the operators in the order in which they ran. */
async function runProfiled(model: Uint8Array, name: string, overrides: object) {
  const runtime = await loadRuntime();
  const profile = { enableProfiling: true, profileFilePrefix: join(folder, name) };
  const session = await runtime.InferenceSession.create(model, { ...sessionOptions('cpu'), ...profile, ...overrides });
  const feeds = session.inputNames.map((input) => {
    const { dtype, data, shape } = FEEDS[input]!;
    return [input, new runtime.Tensor(dtype, data, [...shape])];
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  session.endProfiling();
  const file = readdirSync(folder).find((entry) => entry.startsWith(`${name}_`));
  const events = JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Event[];
  return {
    loss: outputs['output/loss']!.data[0],
    order: events
      .filter((event) => event.name.endsWith('_kernel_time'))
      .map(({ args }) => `${args.op_name} ${JSON.stringify(args.output_type_shape)}`),
  };
}

/** Number of positions at which two lists differ. */
const misplaced = (a: readonly string[], b: readonly string[]): number => a.filter((item, i) => item !== b[i]).length;

describe('an optimized graph with the original node order restored', () => {
  it('runs in the order of the session that wrote it, unlike the file as written, and gives the same loss', async () => {
    const { model } = await traceProgram(trainingProgram);
    const file = join(folder, 'optimized.onnx');
    const first = await runProfiled(model, 'first', { optimizedModelFilePath: file, logSeverityLevel: 3 });
    const optimized = readFileSync(file);
    const untouched = await runProfiled(optimized, 'untouched', { graphOptimizationLevel: 'disabled' });
    const again = await runProfiled(restoreNodeOrder(model, optimized), 'again', {
      graphOptimizationLevel: 'disabled',
    });
    expect(again.loss).toBe(first.loss);
    expect([...again.order].sort()).toEqual([...first.order].sort());
    expect(misplaced(first.order, untouched.order)).toBeGreaterThan(first.order.length / 4);
    expect(misplaced(first.order, again.order)).toBeLessThan(first.order.length / 20);
  });
});
