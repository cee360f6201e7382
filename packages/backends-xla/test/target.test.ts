import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { engineFolder, MANIFEST } from '../src/engines/locate.js';
import { XlaCuda, XlaPlugin } from '../src/index.js';
import { findGpu, gpuDescriptions } from '../src/target/descriptions.js';
import { deviceMemoryOf } from '../src/target/memory.js';
import { cpuPlugin } from './cpu-plugin.js';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });

/** A program of 1 MiB weights of which one is updated, on a batch of 4 MiB. */
const program: Program = {
  name: 'scale',
  state: { w: float(512, 512), fixed: float(512, 512) },
  inputs: { x: float(2048, 512), unused: float(4) },
  run: ({ w, fixed }, { x }) => ({
    state: { w: tf.mul(w!, 0.5) },
    outputs: { y: tf.sum(tf.matMul(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), fixed as tf.Tensor2D), 1) },
  }),
};
const MIB = 2 ** 20;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medbench-target-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const description = (name: string, memory: number, platform = 'CUDA') =>
  `gpu_device_info {\n  device_memory_size: ${memory}\n}\nplatform_name: "${platform}"\ndevice_description_str: "${name}"\n`;

describe('the GPUs that a plugin describes', () => {
  it('are found wherever their texts are in the library, also across the pieces in which it is read', async () => {
    const path = join(folder, 'plugin.so');
    const piece = 2 ** 22;
    const h100 = Buffer.from(`${description('NVIDIA H100 80GB HBM3', 85e9)}\0`);
    const bytes = Buffer.alloc(2 * piece + 100);
    bytes.write(`# licence\n${description('MI300X', 2e11, 'ROCM')}\0`, 10);
    // The text begins, and its mark is cut, at the end of a piece.
    h100.copy(bytes, piece - 7);
    bytes.write(`${description('NVIDIA B200', 19e10)}\0`, 2 * piece - 50);
    await writeFile(path, bytes);
    expect((await gpuDescriptions(path)).map(({ name, memoryBytes }) => [name, memoryBytes])).toEqual([
      ['NVIDIA H100 80GB HBM3', 85e9],
      ['NVIDIA B200', 19e10],
    ]);
    expect((await findGpu(path, 'H100')).config).toBe(h100.toString('latin1', 0, h100.length - 1));
    expect((await findGpu(path, 'nvidia b200')).name).toBe('NVIDIA B200');
    await expect(findGpu(path, 'h900')).rejects.toMatchObject({
      code: 'usage',
      message: 'No device is called "h900"',
      hint: 'The plugin knows b200, h100.',
    });
  });

  it('need a compiler, and the error says how to get one', async () => {
    vi.stubEnv('MEDBENCH_ENGINES', folder);
    vi.stubEnv('VIRTUAL_ENV', '');
    vi.stubEnv('CONDA_PREFIX', '');
    await expect(new XlaCuda().forDevice('h100')).rejects.toMatchObject({
      code: 'backend',
      hint: expect.stringContaining('medbench engines add xla-cuda13-compiler'),
    });
  });
});

describe('the memory of a program on a device', () => {
  it('is the state, twice the inputs that are used, what is not in place, and what is temporary', () => {
    const compiled = { argument: 0, output: 1000 + MIB, alias: MIB, temporary: 7 * MIB, peak: 0 };
    const traced = { updated: ['w'], inputs: ['state/w', 'state/fixed', 'input/x'], results: { y: float(2048) } };
    expect(deviceMemoryOf(program, traced, compiled)).toEqual({
      bytes: 7 * MIB + 1000 + 2 * 4 * MIB + MIB,
      garbageBytes: 7 * MIB,
      stateBytes: MIB,
      baseBytes: 0,
      checkBytes: 0,
      outputs: { y: float(2048) },
    });
  });

  it.skipIf(!cpuPlugin)('is what the compiler of a plugin says', async () => {
    vi.stubEnv('MEDBENCH_XLA_PLUGIN', cpuPlugin);
    const backend = new XlaPlugin();
    const { bytes, garbageBytes, stateBytes, outputs } = await backend.estimate(program);
    expect(outputs).toEqual({ y: float(2048) });
    expect(stateBytes).toBe(MIB);
    // At least the product of the two weights, at most both products and what they begin with.
    expect(garbageBytes).toBeGreaterThanOrEqual(MIB);
    expect(garbageBytes).toBeLessThan(9 * MIB);
    // Beside the sums, the outputs have a table of two addresses.
    expect(bytes).toBe(garbageBytes + 2 * 4 * MIB + MIB + 4 * 2048 + 2 * 8);
    // The CPU's plugin sets no limit.
    expect(await backend.deviceMemory()).toBe(Number.POSITIVE_INFINITY);
  });

  // Takes a compiler of 257 MB, which is only for those who plan for a GPU.
  const compiler = existsSync(join(engineFolder('xla-cuda13-compiler'), MANIFEST));
  it.skipIf(!compiler)('is known for a GPU that is not here, and kept', async () => {
    const h100 = await new XlaCuda().forDevice('h100');
    expect(h100.title).toBe('NVIDIA H100 80GB HBM3');
    // 80 GB as NVIDIA's driver counts them; a tenth is left to others.
    expect(await h100.deviceMemory()).toBe(Math.floor(0.9 * 84942979072));
    const first = await h100.estimate(program, { cache: folder });
    expect(first.garbageBytes).toBeGreaterThanOrEqual(MIB);
    const [file] = await readdir(join(folder, 'estimates'));
    expect(file).toMatch(/\.json\.gz$/);
    expect(await h100.estimate(program, { cache: folder })).toEqual(first);
  });
});
