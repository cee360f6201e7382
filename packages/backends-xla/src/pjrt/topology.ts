import { type CompileOptions, compilation } from './compile-options.js';
import { type CompiledMemory, readMemory } from './memory.js';
import { type NamedValue, writeNamedValues } from './named-values.js';
import type { Plugin } from './plugin.js';

/** Devices that need not be here, as a plugin describes them: programs can be compiled for them, and not run. */
export class Topology {
  private constructor(
    private readonly plugin: Plugin,
    private readonly handle: bigint,
  ) {}

  /**
   * Describes devices by the plugin's options.
   * @throws PjrtError if the plugin does not know them.
   */
  static create(plugin: Plugin, options: Readonly<Record<string, NamedValue>>): Topology {
    const { bytes, count, keep } = writeNamedValues(options);
    const values = { name: new Uint8Array(8), nameSize: 0, options: bytes, optionCount: count };
    const created = plugin.call('TopologyDescription_Create', values);
    created.keep(keep);
    return new Topology(plugin, created.pointer('topology'));
  }

  /**
   * Compiles a program of StableHLO text, on another thread.
   * @returns the memory that the program would take on each device.
   * @throws PjrtError in the compiler's words.
   */
  async memory(text: string, options: CompileOptions = {}): Promise<CompiledMemory> {
    const done = await this.plugin.callAsync('Compile', { topology: this.handle, ...compilation(text, options) });
    const executable = done.pointer('executable');
    try {
      return readMemory(this.plugin, executable);
    } finally {
      this.plugin.call('Executable_Destroy', { executable });
    }
  }

  destroy(): void {
    this.plugin.call('TopologyDescription_Destroy', { topology: this.handle });
  }
}
