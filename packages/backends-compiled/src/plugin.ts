import type { BackendStatus, HostTensors, LoadOptions, Program, ProgramMemory, Session } from '@medbench/core';
import { Backend, errorMessage, MedbenchError, threadCount } from '@medbench/core';
import { cudaStatus } from './cuda.js';
import { estimateProgram } from './estimate.js';
import { nativeRuntime } from './native/api.js';
import { loadRuntime, remedy } from './runtime.js';
import { compiledSession } from './session.js';

/** Records a program once and runs it as one ONNX graph on the CPU. */
@Backend({ id: 'compiled', title: 'TensorFlow.js compiled to ONNX Runtime', priority: 10 })
export class Compiled implements Backend {
  readonly id = 'compiled';
  readonly module = { url: import.meta.url, export: 'Compiled' };

  /**
   * @throws MedbenchError('usage') if `MEDBENCH_THREADS` is invalid: a typing error must not select a slower backend.
   */
  async status(): Promise<BackendStatus> {
    threadCount();
    try {
      await loadRuntime();
      const native = nativeRuntime();
      const way =
        'runtime' in native
          ? 'by its C API: the state of a training stays in place'
          : `by its binding for Node, which copies the state of a training at each step: ${native.reason}`;
      return { available: true, reason: `ONNX Runtime works, ${way}` };
    } catch (error) {
      return { available: false, reason: errorMessage(error), remedy: remedy() };
    }
  }

  load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session> {
    return compiledSession(program, state, options);
  }

  estimate(program: Program): Promise<ProgramMemory> {
    return estimateProgram(program);
  }
}

/**
 * Runs the same graph on ONNX Runtime's CUDA provider, if the user has installed it. Operators that CUDA lacks run on
 * the CPU. It is a separate backend because its figures differ from the CPU's by rounding, and the two must not be
 * mixed. The project has not tested it. Its priority is below TensorFlow on a GPU, because the state crosses the bus at
 * every step.
 */
@Backend({ id: 'compiled-cuda', title: 'TensorFlow.js compiled to ONNX Runtime, on CUDA', priority: 25 })
export class CompiledCuda implements Backend {
  readonly id = 'compiled-cuda';
  #status: Promise<BackendStatus> | undefined;

  status(): Promise<BackendStatus> {
    this.#status ??= cudaStatus();
    return this.#status;
  }

  async load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session> {
    const { available, reason, remedy: hint } = await this.status();
    if (!available) throw new MedbenchError('backend', reason, hint === undefined ? {} : { hint });
    return compiledSession(program, state, options, 'cuda');
  }
}
