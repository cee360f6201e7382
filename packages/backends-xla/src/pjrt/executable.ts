import { addressOf, copyBytes, functionAt } from '@medbench/backend-kit';
import { type CompiledMemory, readMemory } from './memory.js';
import type { Plugin } from './plugin.js';
import { pointerArray, Struct } from './struct.js';

/** A program that is compiled for one or several devices and loaded there. */
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
   * Starts the program on all its devices, from another thread.
   * @param args for each device, handles of the arguments. Those that the program donates are deleted then; their handles
   *   must be destroyed too.
   * @returns for each device, handles of the outputs, which may be read at once, and the event of the program's end there
   *   (`Plugin.settle`).
   * @throws PjrtError if the program cannot start.
   */
  async start(
    args: readonly (readonly bigint[])[],
  ): Promise<{ readonly outputs: readonly (readonly bigint[])[]; readonly events: readonly bigint[] }> {
    const inputs = args.map(pointerArray);
    const outputs = args.map(() => new BigUint64Array(Math.max(1, this.#outputCount)));
    const events = new BigUint64Array(args.length);
    const call = this.plugin.callAsync('LoadedExecutable_Execute', {
      executable: this.loaded,
      options: new Struct('ExecuteOptions'),
      argumentLists: pointerArray(inputs.map(addressOf)),
      deviceCount: args.length,
      argumentCount: args[0]!.length,
      outputLists: pointerArray(outputs.map(addressOf)),
      completeEvents: events,
    });
    const done = await call;
    // The lists hold addresses of these arrays, which must live until the call has returned.
    done.keep([inputs, outputs]);
    return { outputs: outputs.map((list) => [...list].slice(0, this.#outputCount)), events: [...events] };
  }

  /** Memory that the program takes on each of its devices. @throws PjrtError if the plugin cannot tell. */
  memory(): CompiledMemory {
    return readMemory(this.plugin, this.#executable);
  }

  /** The compiled program, for `Client.load` in another process with the same plugin and device. */
  async serialize(): Promise<Uint8Array> {
    const done = await this.plugin.callAsync('Executable_Serialize', { executable: this.#executable });
    const bytes = copyBytes(done.pointer('bytes'), Number(done.pointer('bytesSize')));
    functionAt(done.pointer('deleter'), 'void', ['void *'])(done.pointer('serialized'));
    return bytes;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.plugin.call('Executable_Destroy', { executable: this.#executable });
    this.plugin.call('LoadedExecutable_Destroy', { executable: this.loaded });
  }
}
