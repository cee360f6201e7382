import { activateBackend, eagerSession } from '@medbench/backend-kit';
import type { BackendStatus, HostTensors, LoadOptions, Program, Session } from '@medbench/core';
import { Backend, MedbenchError } from '@medbench/core';
import { loadNative, type NativeResult } from './native.js';

/** Runs programs eagerly, op by op, on the native TensorFlow library, on a GPU if there is one. */
@Backend({ id: 'tensorflow', title: 'Native TensorFlow, op by op', priority: 20 })
export class NativeTensorFlow implements Backend {
  readonly id = 'tensorflow';
  #native: Promise<NativeResult> | undefined;

  async status(): Promise<BackendStatus> {
    const native = await this.#load();
    if (native.kind === 'failed') return { available: false, reason: native.reason, remedy: native.remedy };
    const device = native.gpu ? 'computes on a GPU' : 'works on the CPU; TensorFlow lists no GPU';
    const library = `${native.package} with TensorFlow ${native.version ?? 'of an unknown version'}`;
    return { available: true, reason: `${library} ${device} (${native.file})`, gpu: native.gpu };
  }

  async load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session> {
    const native = await this.#load();
    if (native.kind === 'failed') throw new MedbenchError('backend', native.reason, { hint: native.remedy });
    return eagerSession(program, state, {
      activate: () => activateBackend('tensorflow'),
      share: options?.share,
    });
  }

  #load(): Promise<NativeResult> {
    this.#native ??= loadNative();
    return this.#native;
  }
}
