import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { HostTensor, HostTensors, Program, Session } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initialState, makeBatch, trainingProgram } from '../../backend-trace/test/tiny-transformer.js';
import { Compiled } from '../src/index.js';
import { libraryFile, NativeRuntime, nativeRuntime } from '../src/native/api.js';
import { nativeCompiler } from '../src/native/graph.js';
import { loadRuntime } from '../src/runtime.js';
import { compiledSession } from '../src/session.js';

const native = nativeRuntime();
/** As where koffi is missing: ONNX Runtime's binding for Node runs the graph. */
const MISSING = { reason: 'koffi is missing' };

const square = { shape: [16, 16], dtype: 'float32' } as const;
/** One entry is updated in place, one is read by an independent node, two are exchanged, one is a number. */
const mixed: Program = {
  name: 'mixed',
  state: { w: square, v: square, a: square, b: square, n: { shape: [], dtype: 'int32' } },
  inputs: { x: square },
  run: ({ w, v, a, b, n }, { x }) => {
    const product = tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
    return {
      state: {
        w: tf.sub(w!, tf.div(product, tf.sum(tf.square(product)))),
        v: tf.add(tf.mul(v!, 0.5), x!),
        a: b!,
        b: a!,
        n: tf.add(n!, tf.scalar(1, 'int32')),
      },
      outputs: { y: tf.matMul(product, v as tf.Tensor2D), n: tf.mul(n!, tf.scalar(2, 'int32')) },
    };
  },
};
const mixedState = (): HostTensors => ({
  ...Object.fromEntries(['w', 'v', 'a', 'b'].map((name) => [name, normal(name, [16, 16])])),
  n: { shape: [], dtype: 'int32', data: Int32Array.of(3) },
});

/** All outputs of some steps, and the state after them. */
async function record(session: Session, inputs: readonly HostTensors[]): Promise<unknown> {
  const outputs: HostTensors[] = [];
  for (const one of inputs) outputs.push(await session.step(one));
  const state = await session.readState();
  await session.dispose();
  return { outputs, state };
}

describe("ONNX Runtime's C API", () => {
  it('is that of the library of onnxruntime-node', async () => {
    expect(native).toHaveProperty('runtime.version', (await loadRuntime()).env.versions.node);
    expect((await new Compiled().status()).reason).toMatch(/^ONNX Runtime works, by its C API/);
  });

  it('gives the bits of the binding for Node, in training and where entries cannot be updated in place', async () => {
    const batches = Array.from({ length: 10 }, (_, i) => makeBatch(i % 3));
    const train = (how: typeof native) =>
      compiledSession(trainingProgram, initialState(), { selfCheck: false, threads: 2 }, 'cpu', how);
    expect(await record(await train(native), batches)).toEqual(await record(await train(MISSING), batches));
    const inputs = Array.from({ length: 5 }, (_, i) => ({ x: normal(`x${i}`, [16, 16]) }));
    const mix = (how: typeof native) => compiledSession(mixed, mixedState(), {}, 'cpu', how);
    expect(await record(await mix(native), inputs)).toEqual(await record(await mix(MISSING), inputs));
  });

  it('refuses in its own words, and names the program', async () => {
    if (!('runtime' in native)) return;
    const graph = { inputs: [], updated: [], inPlace: [], results: {} };
    const damaged = nativeCompiler(native.runtime)(new Uint8Array([1, 2, 3]), {}, graph);
    await expect(damaged).rejects.toThrow(/protobuf/i);
  });

  it('is left alone where the library is not beside its binding', () => {
    expect(libraryFile('/nowhere/dist/index.js')).toBeUndefined();
    expect(() => NativeRuntime.open(libraryFile('/nowhere/dist/index.js'))).toThrow(/not beside its binding/);
    expect(() => NativeRuntime.open('/nowhere/libonnxruntime.so.1')).toThrow(/cannot be loaded/);
  });
});

const float = (...values: number[]): HostTensor => ({
  shape: [values.length],
  dtype: 'float32',
  data: Float32Array.from(values),
});
const pair = { shape: [2], dtype: 'float32' } as const;
const doubling: Program = {
  name: 'doubling',
  state: { w: pair },
  inputs: { x: pair },
  run: ({ w }, { x }) => ({ state: { w: tf.add(tf.mul(w!, 2), x!) }, outputs: { y: tf.sum(w!) } }),
};
const reading: Program = {
  name: 'reading',
  state: { w: pair },
  inputs: {},
  run: ({ w }) => ({ outputs: { y: tf.mul(w!, 10) } }),
};

describe('state that stays in place', () => {
  it('never changes what a caller holds: initial arrays, a state read before, outputs', async () => {
    const initial = { w: float(1, 2) };
    const session = await compiledSession(doubling, initial);
    const first = await session.readState();
    const { y } = await session.step({ x: float(0, 0) });
    const second = await session.readState();
    await session.step({ x: float(1, 1) });
    expect([initial, first].map(({ w }) => [...w!.data])).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect([...y!.data, ...second.w!.data]).toEqual([3, 2, 4]);
    expect([...(await session.readState()).w!.data]).toEqual([5, 9]);
    await session.dispose();
  });

  it('is seen by a session that shares it, also after the one that updates it is gone', async () => {
    const session = await compiledSession(doubling, { w: float(1, 2) });
    const reader = await compiledSession(reading, {}, { share: session });
    await session.step({ x: float(0, 0) });
    expect([...(await reader.step({})).y!.data]).toEqual([20, 40]);
    await session.step({ x: float(0, 0) });
    await session.dispose();
    expect([...(await reader.step({})).y!.data]).toEqual([40, 80]);
    await reader.dispose();
  });

  it("is moved out of the caller's array when a session that shares it updates it", async () => {
    const given = { w: float(1, 2) };
    const reader = await compiledSession(reading, given);
    const session = await compiledSession(doubling, {}, { share: reader });
    for (let i = 0; i < 3; i++) await session.step({ x: float(0, 0) });
    expect([...(await reader.step({})).y!.data]).toEqual([80, 160]);
    expect([...given.w.data]).toEqual([1, 2]);
    await session.dispose();
    await reader.dispose();
  });

  it('is used by one run at a time, in the order of the calls', async () => {
    const session = await compiledSession(doubling, { w: float(1, 2) });
    const reader = await compiledSession(reading, {}, { share: session });
    const x = float(1, 0);
    const [, before, , after] = await Promise.all([
      session.step({ x }),
      reader.step({}),
      session.step({ x }),
      session.readState(),
      reader.dispose(),
      session.dispose(),
    ]);
    expect([...before!.y!.data, ...after!.w!.data]).toEqual([30, 40, 7, 8]);
  });
});

const run = promisify(execFile);
describe('a process', () => {
  const script = fileURLToPath(new URL('./exit.mjs', import.meta.url));
  // x x is x, and the sum of its product with w (2^-21 then) is 2^10 times 2^-21 times 2^10 rows.
  it.each([[], ['now']])('ends with a session that was not disposed, also within a step: %s', async (...given) => {
    const { stdout, stderr } = await run(process.execPath, [script, ...(given as string[])]);
    expect([stdout, stderr]).toEqual(['0.5\n', '']);
  });

  it('keeps the arrays of a call, whenever memory is collected', async () => {
    const collected = fileURLToPath(new URL('./collected.mjs', import.meta.url));
    const { stdout } = await run(process.execPath, ['--expose-gc', '--always-turbofan', collected]);
    expect(JSON.parse(stdout)).toEqual({ steps: 10, failures: 0 });
  });

  it('does other work while a step runs', async () => {
    const side = 768;
    const large = { shape: [side, side], dtype: 'float32' } as const;
    const session = await compiledSession(
      {
        name: 'products',
        state: { w: large },
        inputs: {},
        run: ({ w }) => {
          let product = w as tf.Tensor2D;
          for (let i = 0; i < 8; i++) product = tf.matMul(product, w as tf.Tensor2D);
          return { outputs: { y: tf.sum(product) } };
        },
      },
      { w: { ...large, data: new Float32Array(side * side) } },
      { threads: 1 },
    );
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await session.step({});
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    await session.dispose();
  });
});
