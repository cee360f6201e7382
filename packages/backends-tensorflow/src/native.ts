import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { errorMessage } from '@medbench/core';
import { registerGradients } from '@medbench/objectives/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { patchPadding } from './padding.js';

/** Packages that bring the native library, the better first. Neither is a dependency: both download at installation. */
export const CANDIDATES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What was found of native TensorFlow. */
export type NativeResult =
  | {
      readonly kind: 'loaded';
      readonly package: string;
      readonly gpu: boolean;
      /** The module that was loaded. */
      readonly file: string;
      /** Of the native library, such as 2.21.0; undefined if it does not say. */
      readonly version: string | undefined;
    }
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

/** Names a folder in whose node_modules the native library is, such as one that `scripts/tensorflow/build.mjs` made. */
export const FOLDER_VARIABLE = 'MEDBENCH_TENSORFLOW';
const BUILD = 'node scripts/tensorflow/build.mjs in a clone of medbench';

/** The folder that the user named for the native library, or ''. */
const namedFolder = (): string => {
  const name = process.env[FOLDER_VARIABLE];
  return name ? resolve(name) : '';
};

/** Looks in the folder that is given, and nowhere else; without one in the user's project, then from this package. */
export const resolvers = (folder = namedFolder()): Resolver[] =>
  (folder ? [join(folder, 'package.json')] : [join(process.cwd(), 'package.json'), import.meta.url]).map((from) => {
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
  const message = errorMessage(error).split('\n')[0]!;
  if (nodeMajor >= 23)
    return {
      reason: `${name} does not run on Node ${nodeMajor}, which removed an API that it calls (${message})`,
      remedy: 'use Node 20 or 22',
    };
  if (/tfjs_binding|libtensorflow|shared object|specified module|napi-v/.test(message))
    return {
      reason: `${name} is installed, but its native library is not there (${message})`,
      remedy: `npm rebuild ${name}, which downloads it; where that is not possible, ${BUILD}`,
    };
  return { reason: `${name} cannot be loaded (${message})`, remedy: `npm install ${name}` };
}

/**
 * Whether the native backend registered itself with the backend in use. Copies of tfjs-core share one backend and one
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

/** Version of the native library, as its binding gives it. */
const libraryVersion = (backend: unknown): string | undefined =>
  (backend as { binding?: { TF_Version?: string } }).binding?.TF_Version;

/**
 * TensorFlow.js reports each of some hundred kernels that a second copy of it registers again, and the library on the
 * standard error what it was compiled for; TF_CPP_MIN_LOG_LEVEL=0 brings the latter back.
 */
function quietly(load: () => void): void {
  const { warn } = console;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  console.warn = (...args: unknown[]) => {
    if (!/already registered|already been set|Overriding the gradient/.test(String(args[0]))) warn(...args);
  };
  try {
    load();
  } finally {
    console.warn = warn;
  }
}

/** Neither package was found, in the folder that the user named or at all. */
function absent(folder: string): Failure {
  const packages = CANDIDATES.join(' nor ');
  if (folder)
    return {
      reason: `${FOLDER_VARIABLE} names ${folder}, in whose node_modules is neither ${packages}`,
      remedy: `${BUILD}, which says what to set ${FOLDER_VARIABLE} to; or unset it`,
    };
  const [gpu, cpu] = CANDIDATES.map((name) => `npm install ${name}@${tf.version_core}`);
  return {
    reason: `Neither ${packages} is installed (both are optional)`,
    remedy: `${gpu} (NVIDIA, CUDA 11.2) or ${cpu}; where their download is not possible, ${BUILD}`,
  };
}

/**
 * Tries to load native TensorFlow. Never throws: the result says what is wrong and what to type.
 * @param folder the folder that the user named, or '', for the message that nothing is there.
 */
export async function loadNative(
  from: readonly Resolver[] = resolvers(),
  folder = namedFolder(),
): Promise<NativeResult> {
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
        quietly(() => load(file));
        // What was loaded brought TensorFlow.js's own gradients along, some of which are wrong.
        registerGradients();
        patchPadding();
        const wrong = mismatch(name, coreVersion(file));
        if (!wrong && (await tf.setBackend('tensorflow')))
          return {
            kind: 'loaded',
            package: name,
            gpu: usesGpu(tf.backend()),
            file,
            version: libraryVersion(tf.backend()),
          };
        failure ??= wrong ?? { reason: `${name} does not start`, remedy: `npm rebuild ${name}` };
      } catch (error) {
        failure ??= explain(name, error);
      }
    }
  return { kind: 'failed', ...(failure ?? absent(folder)) };
}
