import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

/** Packages that bring the native library, the better first. Neither is a dependency: both download at installation. */
export const CANDIDATES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What was found of native TensorFlow. */
export type NativeResult =
  | { readonly kind: 'loaded'; readonly package: string; readonly gpu: boolean }
  | { readonly kind: 'failed'; readonly reason: string; readonly remedy: string };

type Failure = Omit<Extract<NativeResult, { kind: 'failed' }>, 'kind'>;

/** How modules are found; tests replace it. */
export interface Resolver {
  /** @throws if the module is not installed. */
  resolve(id: string): string;
  /** Loads a resolved module. */
  load(file: string): unknown;
  /** Version of the tfjs-core that a resolved module uses. */
  coreVersion(file: string): string | undefined;
}

/** Looks in the user's project first, then from this package. */
export const resolvers = (): Resolver[] =>
  [join(process.cwd(), 'package.json'), import.meta.url].map((from) => {
    const require = createRequire(from);
    return {
      resolve: (id) => require.resolve(id),
      load: (file) => require(file) as unknown,
      coreVersion: (file) => (createRequire(file)('@tensorflow/tfjs-core') as typeof tf).version_core,
    };
  });

/** Why loading failed, in the words of someone who can mend it. */
export function explain(
  name: string,
  error: unknown,
  nodeMajor = Number(process.versions.node.split('.')[0]),
): Failure {
  const message = messageOf(error).split('\n')[0]!;
  if (nodeMajor >= 23)
    return {
      reason: `${name} does not run on Node ${nodeMajor}, which removed an API that it calls (${message})`,
      remedy: 'use Node 20 or 22',
    };
  if (/tfjs_binding|libtensorflow|shared object|specified module|napi-v/.test(message))
    return {
      reason: `${name} is installed, but its native library is not there (${message})`,
      remedy: `npm rebuild ${name} --build-addon-from-source`,
    };
  return { reason: `${name} cannot be loaded (${message})`, remedy: `npm install ${name}` };
}

/**
 * Whether the native backend registered itself with the engine in use. Copies of tfjs-core share one engine and one
 * kernel registry through the global object, so a second copy works if it is of the same version.
 */
function mismatch(name: string, coreVersion: string | undefined): Failure | undefined {
  const remedy = `npm install ${name}@${tf.version_core} && npm dedupe`;
  if (coreVersion !== undefined && coreVersion !== tf.version_core)
    return {
      reason: `${name} brings @tensorflow/tfjs-core ${coreVersion}, medbench uses ${tf.version_core}`,
      remedy,
    };
  if (!tf.engine().backendNames().includes('tensorflow') || tf.getKernelsForBackend('tensorflow').length === 0)
    return { reason: `${name} was loaded into another copy of @tensorflow/tfjs-core`, remedy };
  return undefined;
}

/** Whether TensorFlow computes on a GPU device: the GPU package also runs on machines that have none. */
export function usesGpu(backend: unknown): boolean {
  const { binding, isUsingGpuDevice } = backend as {
    binding?: { isUsingGpuDevice?: () => boolean };
    isUsingGpuDevice?: boolean;
  };
  return typeof binding?.isUsingGpuDevice === 'function' ? binding.isUsingGpuDevice() : isUsingGpuDevice === true;
}

/** Tries to load native TensorFlow. Never throws: the result says what is wrong and what to type. */
export async function loadNative(from: readonly Resolver[] = resolvers()): Promise<NativeResult> {
  let failure: Failure | undefined;
  for (const name of CANDIDATES)
    for (const { resolve, load, coreVersion } of from) {
      let file: string;
      try {
        file = resolve(name);
      } catch {
        continue;
      }
      try {
        load(file);
        const wrong = mismatch(name, coreVersion(file));
        if (!wrong && (await tf.setBackend('tensorflow')))
          return { kind: 'loaded', package: name, gpu: usesGpu(tf.backend()) };
        failure ??= wrong ?? { reason: `${name} does not start`, remedy: `npm rebuild ${name}` };
      } catch (error) {
        failure ??= explain(name, error);
      }
    }
  const absent: Failure = {
    reason: `Neither ${CANDIDATES.join(' nor ')} is installed (both are optional)`,
    remedy: `npm install ${CANDIDATES[0]}@${tf.version_core} (NVIDIA, CUDA 11.2) or ${CANDIDATES[1]}@${tf.version_core}`,
  };
  return { kind: 'failed', ...(failure ?? absent) };
}
