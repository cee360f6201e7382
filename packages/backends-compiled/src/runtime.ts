import { availableParallelism } from 'node:os';
import { errorMessage, MedbenchError, parseVariable, readVariable } from '@medbench/core';
import type * as ort from 'onnxruntime-node';

/** The module `onnxruntime-node`. */
export type OnnxRuntime = typeof ort;

/** The execution provider that ONNX Runtime computes on. */
export type ExecutionProvider = 'cpu' | 'cuda';

/**
 * Loads ONNX Runtime when it is first needed.
 * @throws MedbenchError('backend') if its native library cannot be loaded, with a hint that says what to do.
 */
export async function loadRuntime(): Promise<OnnxRuntime> {
  try {
    const module = (await import('onnxruntime-node')) as OnnxRuntime & { default?: OnnxRuntime };
    return module.default ?? module;
  } catch (cause) {
    throw new MedbenchError('backend', `ONNX Runtime cannot be loaded: ${errorMessage(cause).split('\n')[0]}`, {
      hint: remedy(),
      cause,
    });
  }
}

/** The command, or the other backend, that helps when ONNX Runtime does not load. */
export function remedy(): string {
  const { platform, arch } = process;
  const supported = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
  return supported.includes(`${platform}-${arch}`)
    ? 'npm install onnxruntime-node (with ONNXRUNTIME_NODE_INSTALL=skip if its install script cannot reach its host)'
    : `onnxruntime-node has no library for ${platform}-${arch}; use --backend wasm`;
}

/**
 * Number of threads per session: `MEDBENCH_THREADS`, or all cores. `npm run bench:step -- --threads N` compares numbers
 * of threads. The number is not tuned per run, because another number of threads may round sums differently.
 * @throws MedbenchError('usage') if the variable is not a positive integer.
 */
export function threadCount(): number {
  const setting = parseVariable('MEDBENCH_THREADS', readVariable('MEDBENCH_THREADS'), { integer: true });
  return setting ?? availableParallelism();
}

/**
 * Options of every session: operators run one at a time, each on all threads. Memory patterns are off: without a memory
 * plan for the whole graph, the arena hands out the chunk that was freed last, which is often in the processor's cache.
 */
export const sessionOptions = (provider: ExecutionProvider = 'cpu'): ort.InferenceSession.SessionOptions => ({
  // An operator that the first provider lacks runs on the next one.
  executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
  intraOpNumThreads: threadCount(),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableCpuMemArena: true,
  enableMemPattern: false,
});
