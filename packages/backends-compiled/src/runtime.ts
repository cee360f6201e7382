import { availableParallelism } from 'node:os';
import { errorMessage, MedbenchError } from '@medbench/core';
import type * as ort from 'onnxruntime-node';

export type Runtime = typeof ort;

/** What computes within ONNX Runtime. */
export type Provider = 'cpu' | 'cuda';

/**
 * ONNX Runtime, loaded when first needed.
 * @throws MedbenchError saying what to do if its native library cannot be loaded.
 */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const module = (await import('onnxruntime-node')) as Runtime & { default?: Runtime };
    return module.default ?? module;
  } catch (cause) {
    throw new MedbenchError('backend', `ONNX Runtime cannot be loaded: ${errorMessage(cause).split('\n')[0]}`, {
      hint: remedy(),
      cause,
    });
  }
}

/** What to type when ONNX Runtime does not load. */
export function remedy(): string {
  const { platform, arch } = process;
  const supported = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
  return supported.includes(`${platform}-${arch}`)
    ? 'npm install onnxruntime-node (with ONNXRUNTIME_NODE_INSTALL=skip if its install script cannot reach its host)'
    : `onnxruntime-node has no library for ${platform}-${arch}; use --backend wasm`;
}

/**
 * Threads per session: `MEDBENCH_THREADS`, or all cores, which `npm run bench:step -- --threads N` compares. They are not
 * chosen anew in each run: sums may be rounded otherwise on another number of threads.
 * @throws MedbenchError if the variable is not a positive integer.
 */
export function threadCount(): number {
  const given = process.env.MEDBENCH_THREADS;
  if (given === undefined || given === '') return availableParallelism();
  const count = Number(given);
  if (Number.isInteger(count) && count > 0) return count;
  throw new MedbenchError('usage', `MEDBENCH_THREADS is ${given}, expected a positive integer`, {
    hint: 'Unset it to use all cores.',
  });
}

/**
 * How sessions are made: one operator at a time, each on all threads; no plan of memory over the whole graph, for what the arena
 * gives back last is still in the processor's cache.
 */
export const sessionOptions = (provider: Provider = 'cpu'): ort.InferenceSession.SessionOptions => ({
  // What the first does not have runs on the next.
  executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
  intraOpNumThreads: threadCount(),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableCpuMemArena: true,
  enableMemPattern: false,
});
