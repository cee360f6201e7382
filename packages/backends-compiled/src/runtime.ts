import { createRequire } from 'node:module';
import { errorMessage, MedbenchError, threadCount } from '@medbench/core';
import type * as ort from 'onnxruntime-common';

/** The module of ONNX Runtime for Node.js. */
export type OnnxRuntime = typeof ort & {
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[];
};

/** The execution provider that ONNX Runtime computes on. */
export type ExecutionProvider = 'cpu' | 'cuda';

/** Platforms for which medbench publishes a package with ONNX Runtime's library. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
const platform = `${process.platform}-${process.arch}`;

/** Resolves a package to its entry file. Throws if the package is not installed. */
export type ResolveModule = (id: string) => string;

/**
 * Finds ONNX Runtime. A copy of onnxruntime-node that the user installed comes first, because only that one can have
 * CUDA. Otherwise it is the package for this platform, an optional dependency that needs no installation script.
 * @returns the entry file; undefined if neither is installed.
 */
export function findRuntime(resolve: ResolveModule = createRequire(import.meta.url).resolve): string | undefined {
  for (const id of ['onnxruntime-node', `@medbench/onnxruntime-${platform}`]) {
    try {
      return resolve(id);
    } catch {
      // Not installed: try the next one.
    }
  }
  return undefined;
}

/**
 * Loads ONNX Runtime when it is first needed.
 * @throws MedbenchError('backend') if it is not installed or its native library cannot be loaded, with a hint that says
 * what to do.
 */
export async function loadRuntime(entry = findRuntime()): Promise<OnnxRuntime> {
  if (entry === undefined)
    throw new MedbenchError('backend', `ONNX Runtime is not installed for ${platform}`, { hint: remedy() });
  try {
    return createRequire(import.meta.url)(entry) as OnnxRuntime;
  } catch (cause) {
    throw new MedbenchError('backend', `ONNX Runtime cannot be loaded: ${errorMessage(cause).split('\n')[0]}`, {
      hint: remedy(),
      cause,
    });
  }
}

/** Whether this system has no glibc, which ONNX Runtime needs on Linux. Alpine has musl instead. */
function lacksGlibc(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}

/** The command, or the other backend, that helps when ONNX Runtime does not load. */
export function remedy(system = platform, withoutGlibc = lacksGlibc()): string {
  if (withoutGlibc) return `ONNX Runtime has no library for ${system} without glibc; use --backend wasm`;
  return PLATFORMS.includes(system)
    ? `npm install @medbench/onnxruntime-${system}, or use --backend wasm`
    : `ONNX Runtime has no library for ${system}; use --backend wasm`;
}

/**
 * Options of every session: operators run one at a time, each on all threads. Memory patterns are off: without a memory
 * plan for the whole graph, the arena hands out the chunk that was freed last, which is often in the processor's cache.
 * A run asks for its setting `threads`, because another number may round sums differently (`npm run bench:step --
 * --threads N` compares numbers).
 */
export const sessionOptions = (
  provider: ExecutionProvider = 'cpu',
  threads: number = threadCount(),
): ort.InferenceSession.SessionOptions => ({
  // An operator that the first provider lacks runs on the next one.
  executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableCpuMemArena: true,
  enableMemPattern: false,
});
