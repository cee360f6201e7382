import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { NativeTensorFlow } from './index.js';
import { explainFailure, loadNative, type ModuleResolver, resolvers, usesGpu } from './native.js';

const resolver = (load: () => unknown, coreVersion: string | undefined = tf.version_core): ModuleResolver => ({
  resolve: (id) => {
    if (id === '@tensorflow/tfjs-node') return '/project/node_modules/@tensorflow/tfjs-node/dist/index.js';
    throw new Error(`Cannot find module '${id}'`);
  },
  load,
  coreVersion: () => coreVersion,
});

/** Imitates loading tfjs-node: registers a backend that only reports its device, and one kernel. */
function registerNative(gpu: boolean): () => unknown {
  return () => {
    class Native extends tf.KernelBackend {
      readonly binding = { isUsingGpuDevice: () => gpu, TF_Version: '2.9.1' };
      override dispose(): void {}
    }
    tf.registerBackend('tensorflow', () => new Native());
    tf.registerKernel({
      kernelName: 'Identity',
      backendName: 'tensorflow',
      kernelFunc: () => ({ dataId: {}, shape: [], dtype: 'float32' }),
    });
    return {};
  };
}

afterEach(() => {
  if (tf.engine().backendNames().includes('tensorflow')) {
    tf.removeBackend('tensorflow');
    tf.unregisterKernel('Identity', 'tensorflow');
  }
});

describe('loading native TensorFlow', () => {
  it('does not throw if the packages are absent, and returns an install command as the remedy', async () => {
    const absent: ModuleResolver = {
      ...resolver(() => ({})),
      resolve: () => {
        throw new Error('Cannot find module');
      },
    };
    expect(await loadNative([absent], '')).toEqual({
      kind: 'failed',
      reason: expect.stringContaining('both are optional'),
      remedy: expect.stringContaining(`npm install @tensorflow/tfjs-node-gpu@${tf.version_core}`),
    });
  });

  it('reports that the folder named by the user does not hold it, and looks nowhere else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'no-tensorflow-'));
    try {
      expect(resolvers(folder)).toHaveLength(1);
      expect(await loadNative(resolvers(folder), folder)).toEqual({
        kind: 'failed',
        reason: expect.stringContaining(`MEDBENCH_TENSORFLOW names ${folder}`),
        remedy: expect.stringContaining('scripts/tensorflow/build.mjs'),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([true, false])('reports the device that TensorFlow uses (GPU: %s)', async (gpu) => {
    expect(await loadNative([resolver(registerNative(gpu))])).toEqual({
      kind: 'loaded',
      package: '@tensorflow/tfjs-node',
      gpu,
      file: '/project/node_modules/@tensorflow/tfjs-node/dist/index.js',
      version: '2.9.1',
    });
  });

  it('refuses a package with another version of tfjs-core', async () => {
    expect(await loadNative([resolver(registerNative(false), '3.21.0')])).toMatchObject({
      kind: 'failed',
      reason: `@tensorflow/tfjs-node brings @tensorflow/tfjs-core 3.21.0, medbench uses ${tf.version_core}`,
      remedy: expect.stringContaining('npm dedupe'),
    });
  });

  it('refuses a package that registers with another copy of tfjs-core', async () => {
    expect(await loadNative([resolver(() => ({}))])).toMatchObject({
      reason: '@tensorflow/tfjs-node was loaded into another copy of @tensorflow/tfjs-core',
    });
  });

  it.each([
    [20, "Cannot find module '/x/napi-v8/tfjs_binding.node'", 'its native library is missing', 'npm rebuild'],
    [20, 'libtensorflow.so.2: cannot open shared object file', 'its native library is missing', 'npm rebuild'],
    [24, 'util_1.isNullOrUndefined is not a function', 'does not run on Node 24', 'use Node 20 or 22'],
    [20, 'unexpected token', 'cannot be loaded (unexpected token)', 'npm install'],
  ])('explains on Node %i the error "%s"', (node, message, reason, remedy) => {
    const explained = explainFailure('@tensorflow/tfjs-node', new Error(message), node);
    expect(explained.reason).toContain(reason);
    expect(explained.remedy).toContain(remedy);
  });

  it('reads the device from the binding or from the backend', () => {
    expect(usesGpu({ binding: { isUsingGpuDevice: () => true } })).toBe(true);
    expect(usesGpu({ isUsingGpuDevice: true })).toBe(true);
    expect(usesGpu({ binding: {} })).toBe(false);
  });

  it('throws the reason from load if the library does not work', async () => {
    const backend = new NativeTensorFlow();
    const status = await backend.status();
    if (status.available) return;
    const program = { name: 'none', state: {}, inputs: {}, run: () => ({ outputs: {} }) };
    await expect(backend.load(program, {})).rejects.toMatchObject({ code: 'backend', message: status.reason });
  });
});
