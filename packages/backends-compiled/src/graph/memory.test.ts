import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadRuntime, sessionOptions } from '../runtime.js';
import { traceProgram } from '../trace.js';
import { Arena } from './arena.js';
import { arenaBytes, runningOrder } from './memory.js';

const MEBIBYTE = 2 ** 20;
const SIDE = 256;
const square = { shape: [SIDE, SIDE], dtype: 'float32' } as const;

/** Two layers with their gradient: a graph that does not run in the order in which its nodes are written. */
const program = {
  name: 'layers',
  state: { w: square, v: square },
  inputs: { x: square },
  run: (state: Readonly<Record<string, tf.Tensor>>, { x }: Readonly<Record<string, tf.Tensor>>) => {
    const loss = (w: tf.Tensor, v: tf.Tensor): tf.Scalar =>
      tf.mean(tf.square(tf.matMul(tf.exp(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)), v as tf.Tensor2D)));
    const [w, v] = tf.grads((a, b) => loss(a!, b!))([state.w!, state.v!]);
    return { state: { w: tf.sub(state.w!, w!), v: tf.sub(state.v!, v!) }, outputs: { loss: loss(state.w!, state.v!) } };
  },
};

describe('the simulated arena', () => {
  it('rounds sizes up, cuts from the smallest free chunk that fits, and joins freed chunks', () => {
    const arena = new Arena();
    const [a, b, c] = [1000, 3000, 1000].map((bytes) => arena.allocate(bytes));
    expect([a!.size, b!.offset, c!.offset]).toEqual([1024, 1024, 4096]);
    arena.release(a!);
    arena.release(b!);
    expect(arena.allocate(4000)).toMatchObject({ region: 0, offset: 0 });
    expect(arena.touched).toBe(5120);
    expect(arena.allocate(3 * MEBIBYTE)).toMatchObject({ region: 1, offset: 0 });
  });
});

describe('the memory estimate of a graph', () => {
  it('agrees with the order of execution and the peak memory that ONNX Runtime reports in its profile', async () => {
    const traced = await traceProgram(program);
    const runtime = await loadRuntime();
    const folder = mkdtempSync(join(tmpdir(), 'medbench-profile-'));
    try {
      const options = { ...sessionOptions('cpu'), enableProfiling: true, profileFilePrefix: join(folder, 'run') };
      const session = await runtime.InferenceSession.create(traced.model, options);
      const data = new Float32Array(SIDE * SIDE).fill(0.01);
      const feeds = traced.inputs.map((name) => [name, new runtime.Tensor('float32', data, [SIDE, SIDE])]);
      await session.run(Object.fromEntries(feeds));
      session.endProfiling();
      const [file] = readdirSync(folder);
      const events = (
        JSON.parse(readFileSync(join(folder, file!), 'utf8')) as {
          name: string;
          args: { op_name: string; mem_in_use_peak: string };
        }[]
      ).filter(({ name }) => name.endsWith('_kernel_time'));
      expect(runningOrder(traced.run.nodes).map(({ op }) => op)).toEqual(events.map(({ args }) => args.op_name));
      const peakBytes = Math.max(...events.map(({ args }) => Number(args.mem_in_use_peak)));
      // Two weights and the loss, for which the arena hands out a chunk of its smallest size.
      const handedOut = 2 * SIDE * SIDE * 4 + 256;
      const bytes = arenaBytes(traced.run);
      expect(bytes).toBeGreaterThan(peakBytes);
      // Besides one run, at most eight generations of results are in memory.
      expect(bytes).toBeLessThan(peakBytes + 8 * handedOut);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
