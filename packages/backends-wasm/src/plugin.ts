import { eagerSession } from '@medbench/backend-kit';
import type { BackendStatus, HostTensors, LoadOptions, Program, Session } from '@medbench/core';
import { Backend, errorMessage } from '@medbench/core';
import { activateWasm } from './load-wasm.js';

/** Runs programs eagerly, op by op, on TensorFlow.js's WASM backend. */
@Backend({ id: 'wasm', title: 'TensorFlow.js on WebAssembly, op by op', priority: 30 })
export class Wasm implements Backend {
  readonly id = 'wasm';

  async status(): Promise<BackendStatus> {
    try {
      await activateWasm();
      return { available: true, reason: 'WebAssembly works; slow, one thread' };
    } catch (error) {
      return { available: false, reason: errorMessage(error), remedy: 'reinstall @medbench/backends-wasm' };
    }
  }

  load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session> {
    return eagerSession(program, state, { activate: activateWasm, share: options?.share });
  }
}
