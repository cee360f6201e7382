import type { BackendStatus, HostTensors, LoadOptions, Program, Session } from '@medbench/core';
import { Backend, messageOf } from '@medbench/core';
import { loadRuntime, remedy, threadCount } from './runtime.js';
import { compiledSession } from './session.js';

/** Records a program once and runs it as one ONNX graph on the CPU. */
@Backend({ id: 'compiled', title: 'TensorFlow.js compiled to ONNX Runtime', priority: 10 })
export class Compiled implements Backend {
  readonly id = 'compiled';

  async status(): Promise<BackendStatus> {
    try {
      await loadRuntime();
      const threads = threadCount();
      return { available: true, reason: `ONNX Runtime works on ${threads} ${threads === 1 ? 'thread' : 'threads'}` };
    } catch (error) {
      return { available: false, reason: messageOf(error), remedy: remedy() };
    }
  }

  load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session> {
    return compiledSession(program, state, options);
  }
}
