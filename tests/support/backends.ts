import { Compiled, CompiledCuda } from '@medbench/backends-compiled';
import { FOLDER_VARIABLE, NativeTensorFlow } from '@medbench/backends-tensorflow';
import { Wasm } from '@medbench/backends-wasm';
import { XlaCpu } from '@medbench/backends-xla';
import type { Backend } from '@medbench/core';
import { full } from './full.js';

const all: readonly Backend[] = [new Wasm(), new Compiled(), new CompiledCuda(), new NativeTensorFlow(), new XlaCpu()];
const statuses = await Promise.all(all.map((backend) => backend.status()));
for (const [i, { available, reason }] of statuses.entries()) {
  if (available) continue;
  const { id } = all[i]!;
  // If a native TensorFlow is named, it must be tested: its absence must not pass for success.
  if (id === 'tensorflow' && process.env[FOLDER_VARIABLE]) throw new Error(reason);
  console.warn(`Not tested on ${id}, which does not work here: ${reason}`);
}

/** Every backend that works on this machine, with its id. The others are reported. */
export const allBackends: readonly (readonly [string, Backend])[] = all
  .filter((_, i) => statuses[i]!.available)
  .map((backend) => [backend.id, backend]);

/**
 * The same for tests with many programs. XLA takes seconds to compile one, so it is left out unless `npm run test:full`
 * or `npm run test:xla` asks for it.
 */
export const backends = allBackends.filter(([id]) => !id.startsWith('xla') || full);
