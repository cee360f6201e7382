import { Compiled } from '@medbench/backends-compiled';
import { NativeTensorFlow } from '@medbench/backends-tensorflow';
import { Wasm } from '@medbench/backends-wasm';
import type { Backend } from '@medbench/core';

const all: readonly Backend[] = [new Wasm(), new Compiled(), new NativeTensorFlow()];
const statuses = await Promise.all(all.map((backend) => backend.status()));
for (const [i, { available, reason }] of statuses.entries()) {
  if (!available) console.warn(`Not tested on ${all[i]!.id}, which does not work here: ${reason}`);
}

/** Every backend that works on this machine, with its id; what does not is said. */
export const engines: readonly (readonly [string, Backend])[] = all
  .filter((_, i) => statuses[i]!.available)
  .map((backend) => [backend.id, backend]);
