import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import { type HostTensor, type HostTensors, hashBytes, type Program } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initialState, makeBatch, trainingProgram } from '../../backend-trace/test/tiny-transformer.js';
import { traceToStableHlo, XlaCpu } from '../src/index.js';
import { cpuPlugin } from './cpu-plugin.js';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const tensor = (shape: number[], values: number[]): HostTensor => ({
  ...float(...shape),
  data: Float32Array.from(values),
});
const program = (run: Program['run'], inputs: HostTensors): Program => {
  const specs = Object.entries(inputs).map(([name, { shape, dtype }]) => [name, { shape, dtype }] as const);
  return { name: 'test', state: {}, inputs: Object.fromEntries(specs), run };
};

/** Halves w at each step; y is x times the w before that. */
const halving: Program = {
  name: 'halving',
  state: { w: float(2) },
  inputs: { x: float(2) },
  run: ({ w }, { x }) => ({ state: { w: tf.mul(w!, 0.5) }, outputs: { y: tf.mul(x!, w!) } }),
};
const W = { w: tensor([2], [2, 4]) };
const X = { x: tensor([2], [1, 10]) };

describe('recording as StableHLO', () => {
  it('fails at a kernel without a rule, and names it and the line that uses it', async () => {
    const resizing = program((_, { x }) => ({ outputs: { y: tf.image.resizeBilinear(x as tf.Tensor4D, [4, 4]) } }), {
      x: normal('image', [1, 2, 2, 1]),
    });
    await expect(traceToStableHlo(resizing)).rejects.toMatchObject({
      message: expect.stringMatching(/kernel ResizeBilinear cannot be compiled \(at .*session\.test\.ts:\d+:\d+\)/),
      hint: expect.stringContaining('@medbench/backends-xla'),
    });
  });

  it('fails if random numbers would become constants, and names their shape', async () => {
    const random = program((_, { x }) => ({ outputs: { y: tf.add(x!, tf.randomNormal([2, 3])) } }), {
      x: normal('x', [2, 3]),
    });
    await expect(traceToStableHlo(random)).rejects.toThrow(/float32 constant of shape \[2, 3\] has other values/);
  });

  it('holds no host memory for tensors of any size, also in the gradients of sums and means', async () => {
    // 16 GiB each.
    const large: Program = {
      name: 'large',
      state: { x: float(2 ** 16, 2 ** 16) },
      inputs: {},
      run: ({ x }) => {
        const loss = (value: tf.Tensor) => tf.add(tf.sum(tf.square(value)), tf.mean(tf.square(value))) as tf.Scalar;
        return { state: { x: tf.grad(loss)(x!) }, outputs: {} };
      },
    };
    await activateWasm();
    const { text } = await traceToStableHlo(large);
    expect(text.length).toBeLessThan(20_000);
  });

  it('holds each subexpression once, leaves unused inputs out, and donates the state that it updates', async () => {
    const { text, inputs, outputs, operationCount } = await traceToStableHlo({
      ...halving,
      inputs: { x: float(2), unused: float(1) },
      run: ({ w }, { x }) => ({
        state: { w: tf.add(tf.sin(w!), tf.sin(w!)) },
        outputs: { y: tf.mul(x!, tf.sin(w!)) },
      }),
    });
    // sine, add, multiply
    expect(operationCount).toBe(3);
    expect(inputs).toEqual(['state/w', 'input/x']);
    expect(outputs.map(({ name }) => name)).toEqual(['next/w', 'output/y']);
    expect(text).toContain('%arg0: tensor<2xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<2xf32>)');
  });
});

describe.skipIf(!cpuPlugin)('a session on XLA', () => {
  let cache: string;
  let lines: string[];
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'executables-'));
    lines = [];
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));
  const log = (line: string): void => {
    lines.push(line);
  };

  async function run(): Promise<number[]> {
    const session = await new XlaCpu().load(halving, W, { cache, log });
    try {
      const [first, second] = [await session.step(X), await session.step(X)];
      return [...(first.y!.data as Float32Array), ...(second.y!.data as Float32Array)];
    } finally {
      await session.dispose();
    }
  }
  const EXPECTED = [2, 40, 1, 20];
  const files = async (): Promise<string[]> =>
    (await readdir(join(cache, 'executables'))).map((name) => join(cache, 'executables', name));

  it('loads an executable that an earlier session compiled', async () => {
    expect(await run()).toEqual(EXPECTED);
    expect(await run()).toEqual(EXPECTED);
    expect(await files()).toHaveLength(1);
    expect(lines.map((line) => line.replace(/.*(compiled|loaded) in .*/, '$1'))).toEqual(['compiled', 'loaded']);
  });

  it.each([
    ['is truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['is noise', () => Buffer.from('noise')],
    ['belongs to another program', (bytes: Buffer) => gzipSync(Buffer.concat([Buffer.from('x'), gunzipSync(bytes)]))],
    [
      // As after an update of the plugin that its version does not tell.
      'is refused by the plugin',
      (bytes: Buffer) => {
        const [key] = gunzipSync(bytes).toString().split(' ');
        const other = Buffer.from('no executable');
        return gzipSync(Buffer.concat([Buffer.from(`${key} ${hashBytes(other)}\n`), other]));
      },
    ],
  ])('compiles again, and says so, if the cached file %s', async (_, damage) => {
    await run();
    const [file] = await files();
    await writeFile(file!, damage(await readFile(file!)));
    lines = [];
    expect(await run()).toEqual(EXPECTED);
    expect(lines.join('\n')).toMatch(/cannot be used .*compiled again[\s\S]*compiled in/);
    lines = [];
    await run();
    expect(lines.join('\n')).toMatch(/loaded in/);
  });

  it('moves every weight as the eager backend does over 20 steps', async () => {
    const train = async (session: Awaited<ReturnType<XlaCpu['load']>>) => {
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) losses.push((await session.step(makeBatch(i % 2))).loss!.data[0]!);
      const state = await session.readState();
      await session.dispose();
      return { losses, state };
    };
    const found = await train(await new XlaCpu().load(trainingProgram, initialState(), { log }));
    const eager = await train(await eagerSession(trainingProgram, initialState(), { activate: activateWasm }));
    expect(lines[1]).toMatch(/^tiny: agrees with the eager reference in 15 tensors/);
    for (const [i, loss] of eager.losses.entries()) expect(Math.abs(found.losses[i]! - loss)).toBeLessThan(1e-4);
    for (const [name, { data }] of Object.entries(eager.state)) {
      const largest = Math.max(1e-6, ...Array.from(data, Math.abs));
      data.forEach((value, i) => {
        expect(Math.abs(found.state[name]!.data[i]! - value) / largest, name).toBeLessThan(1e-4);
      });
    }
  });

  it('takes inputs that were sent while another step ran, and frees those of which there was no step', async () => {
    const session = await new XlaCpu().load(halving, W);
    const [second, unused] = [{ x: tensor([2], [3, 5]) }, { x: tensor([2], [7, 9]) }];
    const [{ y: first }] = await Promise.all([session.step(X), session.send!(second), session.send!(unused)]);
    // A copy: what the host has since then does not count.
    second.x.data.fill(0);
    expect([...first!.data, ...(await session.step(second)).y!.data]).toEqual([2, 40, 3, 10]);
    await expect(session.send!({ x: tensor([3], [1, 2, 3]) })).rejects.toThrow(/x/);
    await session.dispose();
    await expect(session.send!(X)).rejects.toThrow('was disposed');
  });

  it('leaves no memory behind over 1,000 steps', async () => {
    // A mebibyte of state: if a step left it behind, this would be a gigabyte.
    const large: Program = { ...halving, state: { w: float(2 ** 18) }, inputs: { x: float(2 ** 18) } };
    const [w, x] = [normal('w', [2 ** 18]), normal('x', [2 ** 18])];
    const session = await new XlaCpu().load(large, { w });
    for (let i = 0; i < 200; i++) await session.step({ x });
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1000; i++) {
      const inputs = { x };
      await session.send!(inputs);
      await session.step(inputs);
    }
    const growth = process.memoryUsage().rss - before;
    await session.dispose();
    // Garbage of JavaScript that is not collected yet.
    expect(growth).toBeLessThan(32 * 2 ** 20);
  });

  it('lets the process end', async () => {
    const script = fileURLToPath(new URL('./exit.mjs', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script]);
    expect([stdout, stderr]).toEqual(['1,20\n', '']);
  });
});
