import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type EnvironmentVariable, errorMessage, readVariable } from '@medbench/core';
import { registerGradients } from '@medbench/objectives/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { patchPadding } from './padding.js';

/**
 * Packages that contain the native library, the preferred first. Neither is a dependency, because both download files
 * at installation.
 */
export const CANDIDATES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The result of loading native TensorFlow. */
export type NativeResult =
  | {
      readonly kind: 'loaded';
      readonly package: string;
      readonly gpu: boolean;
      /** Path of the loaded module. */
      readonly file: string;
      /** Version of the native library, such as 2.21.0; undefined if it does not report one. */
      readonly version: string | undefined;
    }
  | { readonly kind: 'failed'; readonly reason: string; readonly remedy: string };

type LoadFailure = Omit<Extract<NativeResult, { kind: 'failed' }>, 'kind'>;

/** Finds and loads modules. Tests replace it. */
export interface ModuleResolver {
  /** @throws if the module is not installed. */
  resolve(id: string): string;
  /** Loads a resolved module. */
  load(file: string): unknown;
  /** Version of the tfjs-core that a resolved module uses. */
  coreVersion(file: string): string | undefined;
}

/**
 * Environment variable that names a folder whose node_modules holds the native library, for example a folder that
 * `scripts/tensorflow/build.mjs` has made.
 */
export const FOLDER_VARIABLE = 'MEDBENCH_TENSORFLOW' satisfies EnvironmentVariable;
const BUILD_COMMAND = 'node scripts/tensorflow/build.mjs in a clone of medbench';

/** The folder that the environment variable names, or ''. */
const namedFolder = (): string => {
  const name = readVariable(FOLDER_VARIABLE);
  return name ? resolve(name) : '';
};

/** Resolvers for the given folder alone; without a folder, for the user's project and then for this package. */
export const resolvers = (folder = namedFolder()): ModuleResolver[] =>
  (folder ? [join(folder, 'package.json')] : [join(process.cwd(), 'package.json'), import.meta.url]).map((from) => {
    const require = createRequire(from);
    return {
      resolve: (id) => require.resolve(id),
      load: (file) => require(file) as unknown,
      coreVersion: (file) => (createRequire(file)('@tensorflow/tfjs-core') as typeof tf).version_core,
    };
  });

/** Explains why loading failed and how the user can fix it. */
export function explainFailure(
  name: string,
  error: unknown,
  nodeMajor = Number(process.versions.node.split('.')[0]),
): LoadFailure {
  const message = errorMessage(error).split('\n')[0]!;
  if (nodeMajor >= 23)
    return {
      reason: `${name} does not run on Node ${nodeMajor}, which removed an API that it calls (${message})`,
      remedy: 'use Node 20 or 22',
    };
  if (/tfjs_binding|libtensorflow|shared object|specified module|napi-v/.test(message))
    return {
      reason: `${name} is installed, but its native library is missing (${message})`,
      remedy: `npm rebuild ${name}, which downloads it; if that is not possible, ${BUILD_COMMAND}`,
    };
  return { reason: `${name} cannot be loaded (${message})`, remedy: `npm install ${name}` };
}

/**
 * Describes the failure if the native backend registered with another tfjs-core than the one in use; otherwise
 * undefined. Copies of tfjs-core share their state and one kernel registry through the global object, so a second copy
 * works if it has the same version.
 */
function findMismatch(name: string, coreVersion: string | undefined): LoadFailure | undefined {
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

/** Whether TensorFlow computes on a GPU. The package alone does not tell: the GPU package also runs without a GPU. */
export function usesGpu(backend: unknown): boolean {
  const { binding, isUsingGpuDevice } = backend as {
    binding?: { isUsingGpuDevice?: () => boolean };
    isUsingGpuDevice?: boolean;
  };
  return typeof binding?.isUsingGpuDevice === 'function' ? binding.isUsingGpuDevice() : isUsingGpuDevice === true;
}

/** Version of the native library, as its binding reports it. */
const libraryVersion = (backend: unknown): string | undefined =>
  (backend as { binding?: { TF_Version?: string } }).binding?.TF_Version;

/**
 * Runs `load` without expected warnings. A second copy of TensorFlow.js warns about each of some hundred kernels that
 * it registers again. The library reports on standard error what it was compiled for; TF_CPP_MIN_LOG_LEVEL=0 shows that
 * report.
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

/** Explains that neither package was found, in the named folder or anywhere. */
function explainAbsence(folder: string): LoadFailure {
  const packages = CANDIDATES.join(' nor ');
  if (folder)
    return {
      reason: `${FOLDER_VARIABLE} names ${folder}, but its node_modules contains neither ${packages}`,
      remedy: `${BUILD_COMMAND}, which says what to set ${FOLDER_VARIABLE} to; or unset it`,
    };
  const [gpu, cpu] = CANDIDATES.map((name) => `npm install ${name}@${tf.version_core}`);
  return {
    reason: `Neither ${packages} is installed (both are optional)`,
    remedy: `${gpu} (NVIDIA, CUDA 11.2) or ${cpu}; if their download is not possible, ${BUILD_COMMAND}`,
  };
}

/**
 * Tries to load native TensorFlow. Never throws: a failed result has the reason and a remedy.
 * @param folder the folder that the user named, or '', for the message that neither package was found.
 */
export async function loadNative(
  from: readonly ModuleResolver[] = resolvers(),
  folder = namedFolder(),
): Promise<NativeResult> {
  let failure: LoadFailure | undefined;
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
        // The loaded package has registered TensorFlow.js's own gradients, some of which are wrong.
        registerGradients();
        patchPadding();
        const mismatch = findMismatch(name, coreVersion(file));
        if (!mismatch && (await tf.setBackend('tensorflow')))
          return {
            kind: 'loaded',
            package: name,
            gpu: usesGpu(tf.backend()),
            file,
            version: libraryVersion(tf.backend()),
          };
        failure ??= mismatch ?? { reason: `${name} does not start`, remedy: `npm rebuild ${name}` };
      } catch (error) {
        failure ??= explainFailure(name, error);
      }
    }
  return { kind: 'failed', ...(failure ?? explainAbsence(folder)) };
}
