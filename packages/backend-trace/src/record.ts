// Programs compute gradients, which TensorFlow.js must have registered.
import '@medbench/objectives/gradients';
import { activateBackend, checkResult, switchBackend } from '@medbench/backend-kit';
import { MedbenchError, type Program, type TensorMap, type TensorSpec } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { withDeepStacks } from './call-site.js';
import { NAME_PREFIXES, type TraceBuilder, type TracerOptions, type TraceValue } from './seam.js';
import { TraceBackend } from './trace-backend.js';

/** A recorded program, as values of the builder. */
export interface Recording<V> {
  /** Outputs of the graph by name: `next/…` is updated state, `output/…` the outputs of the program. */
  readonly outputs: Readonly<Record<string, V>>;
  /** Names of the state entries that the program updates. The other entries keep their values. */
  readonly updated: readonly string[];
  /** Shapes and element types of the program's outputs, by names without the prefix. */
  readonly results: Readonly<Record<string, TensorSpec>>;
  /** Peak number of bytes of tensors when the program runs op by op, including state, inputs and views. */
  readonly eagerBytes: number;
}

const isUnknownKernel = (error: unknown): error is Error =>
  error instanceof Error && /^Kernel '.*' not registered/.test(error.message);

/**
 * Records programs on shapes alone, with the rules of one compiling backend. It registers a TensorFlow.js backend that
 * computes nothing: each kernel call adds to the graph of the current builder.
 */
export class Tracer<B extends TraceBuilder<V>, V extends TraceValue> {
  #backend: TraceBackend<B, V> | undefined;

  constructor(private readonly options: TracerOptions<B, V>) {}

  /** Name of the recording TensorFlow.js backend. */
  get backendName(): string {
    return `medbench-trace-${this.options.name}`;
  }

  /**
   * Records a program by running it once, which adds to a builder. Afterwards the previously active TensorFlow.js
   * backend is active again.
   * @throws MedbenchError('backend') if the program reads a value back, uses a kernel without a rule, keeps tensors
   *   from one call to the next or returns a state that does not fit. The message names the op and the line that called
   *   it.
   */
  async record(program: Program, builder: B): Promise<Recording<V>> {
    // Created once, because its kernels stay registered with TensorFlow.js until the process ends.
    this.#backend ??= new TraceBackend(this.backendName, this.options);
    const backend = this.#backend;
    const previous = tf.engine().backendName;
    switchBackend(await activateBackend(this.backendName));
    try {
      return withDeepStacks(() => backend.recording(builder, () => recordProgram(program, builder, backend)));
    } catch (error) {
      if (isUnknownKernel(error)) throw new MedbenchError('backend', error.message, { cause: error });
      throw error;
    } finally {
      if (previous && previous !== this.backendName) switchBackend(previous);
    }
  }
}

function recordProgram<B extends TraceBuilder<V>, V extends TraceValue>(
  program: Program,
  builder: B,
  backend: TraceBackend<B, V>,
): Recording<V> {
  const addInputs = (prefix: string, specs: Program['inputs']): Map<string, V> =>
    new Map(Object.entries(specs).map(([name, spec]) => [name, builder.input(prefix + name, spec)]));
  const state = addInputs(NAME_PREFIXES.state, program.state);
  const inputs = addInputs(NAME_PREFIXES.input, program.inputs);
  const outputs: Record<string, V> = {};
  const updated: string[] = [];
  const results: Record<string, TensorSpec> = {};
  tf.tidy(() => {
    const tensors = (values: Map<string, V>): TensorMap =>
      Object.fromEntries(
        [...values].map(([name, value]) => [name, tf.engine().makeTensorFromTensorInfo(backend.makeTensor(value))]),
      );
    const result = program.run(tensors(state), tensors(inputs));
    checkResult(program, result);
    for (const [name, tensor] of Object.entries(result.state ?? {})) {
      const value = backend.graphValue(tensor);
      // The program returned the entry unchanged, so it is not an update.
      if (value === state.get(name)) continue;
      updated.push(name);
      outputs[NAME_PREFIXES.next + name] = value;
    }
    for (const [name, tensor] of Object.entries(result.outputs)) {
      const value = backend.graphValue(tensor);
      outputs[NAME_PREFIXES.output + name] = value;
      results[name] = { shape: tensor.shape, dtype: value.dtype as TensorSpec['dtype'] };
    }
  });
  return { outputs, updated, results, eagerBytes: backend.peakBytes };
}
