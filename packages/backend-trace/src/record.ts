// Programs differentiate, which needs TensorFlow.js's gradients.
import '@medbench/objectives/gradients';
import { activateBackend, checkResult, switchBackend } from '@medbench/backend-kit';
import { MedbenchError, type Program, type TensorMap, type TensorSpec } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { withDeepStacks } from './call-site.js';
import { NAME_PREFIXES, type TraceBuilder, type TracerOptions, type TraceValue } from './seam.js';
import { TraceBackend } from './trace-backend.js';

/** A program in the builder that it was recorded with. */
export interface Recording<V> {
  /** What the graph gives, by name: `next/…` the state that the program updates, `output/…` its outputs. */
  readonly outputs: Readonly<Record<string, V>>;
  /** State entries that the program returns; the others keep their value. */
  readonly updated: readonly string[];
  /** Shapes and element types of the outputs, by their own names. */
  readonly results: Readonly<Record<string, TensorSpec>>;
  /** The most bytes of tensors at once when it runs op by op, state, inputs and views included. */
  readonly eagerBytes: number;
}

const isUnknownKernel = (error: unknown): error is Error =>
  error instanceof Error && /^Kernel '.*' not registered/.test(error.message);

/**
 * Records programs on shapes alone, by the rules of one compiling backend. It registers a TensorFlow.js backend that
 * computes nothing: each kernel call adds to the graph of the builder in use.
 */
export class Tracer<B extends TraceBuilder<V>, V extends TraceValue> {
  #backend: TraceBackend<B, V> | undefined;

  constructor(private readonly options: TracerOptions<B, V>) {}

  /** Name of the TensorFlow.js backend that records. */
  get backendName(): string {
    return `medbench-trace-${this.options.name}`;
  }

  /**
   * Runs a program once, adding to a builder. The TensorFlow.js backend that was active before is active again
   * afterwards.
   * @throws MedbenchError('backend') if the program reads a value back, uses a kernel without a rule, keeps tensors
   *   from one call to the next or returns a state that does not fit; the message names the op and the line that called
   *   it.
   */
  async record(program: Program, builder: B): Promise<Recording<V>> {
    // Made once: its kernels are registered with TensorFlow.js for as long as the process lives.
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
      // Given back as it came: it stays where it is.
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
