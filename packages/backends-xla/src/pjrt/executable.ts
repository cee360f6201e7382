import { addressOf, callFree, copyBytes } from './native.js';
import type { Plugin } from './plugin.js';
import { pointerArray, Struct } from './struct.js';

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

/** A program that is compiled for a device and loaded there. */
export class Executable {
  readonly #executable: bigint;
  readonly #outputCount: number;
  #destroyed = false;

  constructor(
    private readonly plugin: Plugin,
    private readonly loaded: bigint,
  ) {
    this.#executable = plugin.call('LoadedExecutable_GetExecutable', { loaded }).pointer('executable');
    this.#outputCount = Number(plugin.call('Executable_NumOutputs', { executable: this.#executable }).pointer('count'));
  }

  /**
   * Starts the program, on another thread.
   * @param args handles of the arguments. Those that the program donates are deleted then; their handles must be destroyed
   *   too.
   * @returns handles of the outputs, which may be read at once, and the event of the program's end (`Plugin.settle`).
   * @throws PjrtError if the program cannot start.
   */
  async start(args: readonly bigint[]): Promise<{ readonly outputs: readonly bigint[]; readonly event: bigint }> {
    const inputs = pointerArray(args);
    const outputs = new BigUint64Array(Math.max(1, this.#outputCount));
    const events = new BigUint64Array(1);
    const call = this.plugin.callAsync('LoadedExecutable_Execute', {
      executable: this.loaded,
      options: new Struct('ExecuteOptions'),
      argumentLists: pointerArray([addressOf(inputs)]),
      deviceCount: 1,
      argumentCount: args.length,
      outputLists: pointerArray([addressOf(outputs)]),
      completeEvents: events,
    });
    const done = await call;
    // The lists hold addresses of these two arrays, which must live until the call has returned.
    done.keep([inputs, outputs]);
    return { outputs: [...outputs].slice(0, this.#outputCount), event: events[0]! };
  }

  /** Memory that the program takes on its device. @throws PjrtError if the plugin cannot tell. */
  memory(): CompiledMemory {
    const stats = this.plugin.call('Executable_GetCompiledMemoryStats', { executable: this.#executable });
    const bytes = (field: 'argument' | 'output' | 'alias' | 'temporary' | 'peak'): number =>
      Number(stats.pointer(field));
    return {
      argument: bytes('argument'),
      output: bytes('output'),
      alias: bytes('alias'),
      temporary: bytes('temporary'),
      peak: bytes('peak'),
    };
  }

  /** The compiled program, for `Client.load` in another process with the same plugin and device. */
  async serialize(): Promise<Uint8Array> {
    const done = await this.plugin.callAsync('Executable_Serialize', { executable: this.#executable });
    const bytes = copyBytes(done.pointer('bytes'), Number(done.pointer('bytesSize')));
    callFree(done.pointer('deleter'), done.pointer('serialized'));
    return bytes;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.plugin.call('Executable_Destroy', { executable: this.#executable });
    this.plugin.call('LoadedExecutable_Destroy', { executable: this.loaded });
  }
}
