import type { ProgramCache } from '@medbench/backend-trace';
import type { LoadOptions, Program } from '@medbench/core';
import { chooseAttention } from './attention.js';
import { CUDA_OPTIONS } from './cuda.js';
import { programError } from './errors.js';
import { compileCached, executableCache } from './executable-cache.js';
import type { Client, CompileOptions, Executable } from './pjrt/index.js';
import { type TracedProgram, traceProgram } from './trace.js';

/** The first devices of a client. */
export interface Devices {
  readonly client: Client;
  readonly count: number;
}

/** Options of a compilation for some devices. */
export const compileOptionsFor = ({ client, count }: Devices): CompileOptions => ({
  ...(client.platform === 'cuda' ? CUDA_OPTIONS : {}),
  ...(count > 1 ? { devices: client.deviceIds.slice(0, count) } : {}),
});

/**
 * Records a program and compiles it for devices of a client, or loads it from the cache.
 * @throws MedbenchError if the program cannot be recorded or compiled.
 */
export async function compileProgram(
  program: Program,
  devices: Devices,
  { cache: folder, log, precision }: Pick<LoadOptions, 'cache' | 'log' | 'precision'>,
  threads: number | undefined,
): Promise<{
  readonly traced: TracedProgram;
  readonly executable: Executable;
  readonly cache: ProgramCache | undefined;
}> {
  const { client, count } = devices;
  const started = performance.now();
  const compileOptions = compileOptionsFor(devices);
  const attention = await chooseAttention(devices, { precision, log });
  const cache = folder === undefined ? undefined : executableCache(folder, client, compileOptions, threads, log);
  const traced = await traceProgram(program, {
    ...{ precision, devices: count, attention },
    recordedBefore: cache && ((model) => cache.has(model)),
  });
  const recorded = performance.now();
  const { executable, cached } = await compileCached(client, traced, compileOptions, cache).catch((error: unknown) => {
    throw programError(program, 'compile', error);
  });
  const compiled = performance.now();
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  log?.(
    `${program.name}: recorded ${traced.operationCount} operations in ${seconds(recorded - started)}, ` +
      `${cached ? 'loaded' : 'compiled'} in ${seconds(compiled - recorded)}`,
  );
  return { traced, executable, cache };
}
