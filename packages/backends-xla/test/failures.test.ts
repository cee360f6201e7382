import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { HostTensor, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ENGINES } from '../src/engines/catalogue.js';
import { engineFolder, MANIFEST } from '../src/engines/locate.js';
import { XlaCpu, XlaCuda } from '../src/plugin.js';
import { cpuPlugin } from './cpu-plugin.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'failures-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const doubling: Program = {
  ...{ name: 'doubling', state: {}, inputs: { x: float(2) } },
  run: (_, { x }) => ({ outputs: { y: tf.mul(x!, 2) } }),
};
const X = { x: { ...float(2), data: Float32Array.of(1, 10) } };

describe.skipIf(!cpuPlugin)('one clear error', () => {
  it('if a plugin has no device, in its words and with the way out', async () => {
    // The CPU plugin stands for that of CUDA. It refuses the options of the client as that does without a driver.
    vi.stubEnv('MEDBENCH_ENGINES', folder);
    const home = engineFolder('xla-cuda13');
    const plugin = join(home, ENGINES['xla-cuda13'].plugin);
    mkdirSync(dirname(plugin), { recursive: true });
    symlinkSync(cpuPlugin!, plugin);
    writeFileSync(join(home, MANIFEST), '{}');
    const backend = new XlaCuda();
    const { available, reason, remedy } = await backend.status();
    expect([available, remedy]).toEqual([false, expect.stringContaining('install an NVIDIA driver (R580 or later')]);
    expect(reason).toContain(`${plugin}: `);
    expect(reason).toMatch(/preallocate|memory_fraction/);
    expect(reason).not.toContain('\n');
    await expect(backend.load(doubling, {})).rejects.toMatchObject({ code: 'backend', message: reason, hint: remedy });
  });

  it('if a step does not fit the memory of the device, which names the settings that help', async () => {
    const side = 2 ** 20;
    // Four terabytes, which must be in memory to be sorted.
    const huge: Program = {
      ...{ name: 'huge', state: {}, inputs: { x: float(side) } },
      run(_, { x }) {
        const products = tf.mul(tf.reshape(x!, [side, 1]), tf.reshape(x!, [1, side]));
        return { outputs: { y: tf.reshape(tf.topk(tf.sin(products) as tf.Tensor2D, 1).values, [side]) } };
      },
    };
    const x: HostTensor = { ...float(side), data: new Float32Array(side) };
    const backend = new XlaCpu();
    const session = await backend.load(huge, {});
    await expect(session.step({ x })).rejects.toMatchObject({
      code: 'backend',
      message: expect.stringMatching(/^XLA cannot run huge: RESOURCE_EXHAUSTED: Out of memory allocating \d+ bytes\.$/),
      hint: expect.stringMatching(/training\.chunkSize.*training\.batchSize.*training\.devices/),
    });
    await session.dispose();
    // The device continues to work.
    const other = await backend.load(doubling, {});
    expect([...(await other.step(X)).y!.data]).toEqual([2, 20]);
    await other.dispose();
  });
});

it.skipIf(!cpuPlugin)(
  'a process that is killed while it compiles leaves nothing that the next one stumbles over',
  async () => {
    const script = fileURLToPath(new URL('./killed-compile.mjs', import.meta.url));
    const run = promisify(execFile);
    await expect(run(process.execPath, [script, folder, 'kill'])).rejects.toMatchObject({
      signal: 'SIGKILL',
      stdout: '',
    });
    const executables = join(folder, 'executables');
    expect(existsSync(executables) ? readdirSync(executables) : []).toEqual([]);
    const { stdout } = await run(process.execPath, [script, folder]);
    expect(stdout).toMatch(/^slow: .* compiled in .*\nslow: agrees with the eager reference in 1 tensors/);
    expect(readdirSync(executables).filter((name) => name.endsWith('.xla.gz'))).toHaveLength(1);
  },
);
