import { availableParallelism } from 'node:os';
import { MedbenchError } from './errors.js';

/** Environment variables of medbench, each with its meaning. Other code reads them through this module only. */
export const ENVIRONMENT = {
  MEDBENCH_DATA: 'folder of the data sets; default ./data',
  MEDBENCH_CACHE: 'folder of generated data and caches; default .medbench',
  MEDBENCH_REMOTE_CACHE: 'GiB of remote files that stay in the cache; default 50',
  MEDBENCH_MEMORY: 'memory in MiB that training may hold; default the free memory',
  MEDBENCH_JOBS: 'processes that a run uses at once; default as many as cores and memory allow',
  MEDBENCH_THREADS: 'threads of one training or measurement; default 1',
  MEDBENCH_WATTS: 'power in watts that energy estimates assume; default 65',
  MEDBENCH_NO_PLUGINS: 'set to 1: no code of the project is run, as with --no-plugins',
  MEDBENCH_ENGINES: 'folder of downloaded engines; default ~/.cache/medbench/engines',
  MEDBENCH_PYTHON_INDEX:
    'address of the Python index that medbench engines add reads; default PIP_INDEX_URL, or pypi.org/simple',
  MEDBENCH_XLA_PLUGIN: 'path of a PJRT plugin, which the backend xla-plugin runs on',
  MEDBENCH_XLA_ATTENTION:
    'auto, composed or cudnn: how attention in bfloat16 is computed on an NVIDIA GPU; default auto, which takes cuDNN if it agrees',
  MEDBENCH_TENSORFLOW: 'folder whose node_modules holds native TensorFlow; default the project',
} as const;

/** Name of an environment variable that medbench reads. */
export type EnvironmentVariable = keyof typeof ENVIRONMENT;

/** Returns the value of a variable; undefined if it is unset or empty. */
export const readVariable = (name: EnvironmentVariable): string | undefined => process.env[name] || undefined;

/** Whether only the built-in plugins may be used, and no configuration file that nobody named (`--no-plugins`). */
export const withoutPlugins = (): boolean => readVariable('MEDBENCH_NO_PLUGINS') !== undefined;

/** Turns plugins off for this process and those that it starts. */
export function turnPluginsOff(): void {
  const name: EnvironmentVariable = 'MEDBENCH_NO_PLUGINS';
  process.env[name] = '1';
}

/**
 * Parses a positive number.
 * @param text value of the variable; undefined if it is unset or empty.
 * @returns undefined without a text.
 * @throws MedbenchError('usage') that names the variable if the text is not a positive number, or not an integer where
 * `integer` asks for one.
 */
export function parseVariable(
  name: EnvironmentVariable,
  text: string | undefined,
  { integer = false }: { readonly integer?: boolean } = {},
): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!integer || Number.isInteger(value))) return value;
  throw new MedbenchError('usage', `${name} is "${text}", not a positive ${integer ? 'integer' : 'number'}`, {
    hint: `It sets the ${ENVIRONMENT[name]}. Correct it, or unset it for the default.`,
  });
}

/**
 * Number of threads of a computation that nobody gave one: `MEDBENCH_THREADS`, or all cores.
 * @throws MedbenchError('usage') if the variable is not a positive integer.
 */
export function threadCount(): number {
  const setting = parseVariable('MEDBENCH_THREADS', readVariable('MEDBENCH_THREADS'), { integer: true });
  return setting ?? availableParallelism();
}
