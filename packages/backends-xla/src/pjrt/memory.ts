import type { Plugin } from './plugin.js';

/** Memory that a compiled program takes on its device, in bytes, as its compiler says. */
export interface CompiledMemory {
  readonly argument: number;
  readonly output: number;
  /** Part of the outputs that takes the place of donated arguments. */
  readonly alias: number;
  readonly temporary: number;
  /** Largest sum at one time; 0 if the plugin does not know. */
  readonly peak: number;
}

/** Reads the memory of a compiled program. @throws PjrtError if the plugin cannot tell. */
export function readMemory(plugin: Plugin, executable: bigint): CompiledMemory {
  const stats = plugin.call('Executable_GetCompiledMemoryStats', { executable });
  const bytes = (field: keyof CompiledMemory): number => Number(stats.pointer(field));
  return {
    argument: bytes('argument'),
    output: bytes('output'),
    alias: bytes('alias'),
    temporary: bytes('temporary'),
    peak: bytes('peak'),
  };
}
