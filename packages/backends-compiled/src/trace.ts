import { activateBackend, checkResult, switchBackend } from '@medbench/backend-kit';
import { MedbenchError, type Program, type TensorMap, type TensorSpec } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { withDeepStacks } from './call-site.js';
import { Builder, type BuilderOptions } from './graph/builder.js';
import { type Emitted, emit } from './graph/emit.js';
import type { Shaped, Value } from './graph/graph.js';
import { TRACE_BACKEND, type TraceBackend, traceBackend } from './trace-backend.js';

/** Prefixes of the graph's input and output names. */
export const NAMES = { state: 'state/', input: 'input/', next: 'next/', output: 'output/' } as const;

/** A program as an ONNX graph. */
export interface Traced extends Emitted {
  /** State entries that the program returns; the others keep their value. */
  readonly updated: readonly string[];
  /** What the program outputs. */
  readonly results: Readonly<Record<string, TensorSpec>>;
  /** The most bytes of tensors at once when it runs op by op, state, inputs and views included. */
  readonly eagerBytes: number;
}

const isUnknownKernel = (error: unknown): error is Error =>
  error instanceof Error && /^Kernel '.*' not registered/.test(error.message);

/** `portable`: operators of the ONNX standard only, for other runtimes. */
export interface TraceOptions extends BuilderOptions {
  /** Whether a process before this one has recorded the same model: then it need not be recorded twice here. */
  readonly known?: (model: Uint8Array) => Promise<boolean>;
}

function record(program: Program, backend: TraceBackend, options: TraceOptions): Traced {
  const builder = new Builder(options);
  return backend.recording(builder, () => {
    const inputsOf = (prefix: string, specs: Readonly<Record<string, Shaped>>): Map<string, Value> =>
      new Map(Object.entries(specs).map(([name, spec]) => [name, builder.graph.input(prefix + name, spec)]));
    const state = inputsOf(NAMES.state, program.state);
    const inputs = inputsOf(NAMES.input, program.inputs);
    const named: Record<string, Value> = {};
    const updated: string[] = [];
    const results: Record<string, TensorSpec> = {};
    tf.tidy(() => {
      const tensors = (values: Map<string, Value>): TensorMap =>
        Object.fromEntries(
          [...values].map(([name, value]) => [name, tf.engine().makeTensorFromTensorInfo(backend.tensorOf(value))]),
        );
      const result = program.run(tensors(state), tensors(inputs));
      checkResult(program, result);
      for (const [name, tensor] of Object.entries(result.state ?? {})) {
        const value = backend.inGraph(tensor);
        // Given back as it came: it stays where it is.
        if (value === state.get(name)) continue;
        updated.push(name);
        named[NAMES.next + name] = value;
      }
      for (const [name, tensor] of Object.entries(result.outputs)) {
        const value = backend.inGraph(tensor);
        named[NAMES.output + name] = value;
        results[name] = { shape: tensor.shape, dtype: value.dtype as TensorSpec['dtype'] };
      }
    });
    return { ...emit(builder.graph, named), updated, results, eagerBytes: backend.mostBytes };
  });
}

/** Says what differs between two recordings of one program. */
function difference(program: Program, first: Traced, second: Traced): MedbenchError {
  const index = first.constants.findIndex(({ digest }, i) => digest !== second.constants[i]?.digest);
  const changed = first.constants[index];
  const what = changed
    ? `a ${changed.dtype} constant of shape [${changed.shape.join(', ')}] has other values each time`
    : `it makes ${first.nodeCount} operations the first time and ${second.nodeCount} the second`;
  return new MedbenchError('backend', `Program ${program.name} does not do the same thing twice: ${what}`, {
    hint:
      'Something random or changing (a random op, the time, a counter) was drawn inside run. ' +
      'Draw it outside and pass it as an input.',
  });
}

/** Runs a program once on shapes alone. @throws MedbenchError as `traceProgram`. */
async function recorded(program: Program, options: TraceOptions): Promise<Traced> {
  const backend = traceBackend();
  const previous = tf.engine().backendName;
  switchBackend(await activateBackend(TRACE_BACKEND));
  try {
    return withDeepStacks(() => record(program, backend, options));
  } catch (error) {
    if (isUnknownKernel(error)) throw new MedbenchError('backend', error.message, { cause: error });
    throw error;
  } finally {
    if (previous && previous !== TRACE_BACKEND) switchBackend(previous);
  }
}

/** Runs a recorded program once more, unless it is known to do the same again. */
async function checked(program: Program, first: Traced, options: TraceOptions): Promise<Traced> {
  if (await options.known?.(first.model)) return first;
  const second = await recorded(program, options);
  if (Buffer.compare(first.model, second.model) !== 0) throw difference(program, first, second);
  return first;
}

/**
 * Records a program on shapes alone and writes it as one ONNX graph. The program is run twice, to find out whether
 * anything random or changing would be baked in.
 * @throws MedbenchError if the program reads a value back, uses a kernel without a mapping, or differs between two runs.
 */
export const traceProgram = async (program: Program, options: TraceOptions = {}): Promise<Traced> =>
  checked(program, await recorded(program, options), options);

/** Recordings that were made to tell what a program will take, until it is loaded. */
const FIRST = new WeakMap<Program, Promise<Traced>>();

/** A program recorded once, which is kept for `takeTraced`. @throws MedbenchError as `traceProgram`, but for differences. */
export function tracedOnce(program: Program): Promise<Traced> {
  const known = FIRST.get(program) ?? recorded(program, {});
  FIRST.set(program, known);
  return known;
}

/**
 * `traceProgram` that goes on from the recording of `tracedOnce` if there is one, which is then forgotten. That one is divided for
 * cores.
 */
export async function takeTraced(program: Program, options: Omit<TraceOptions, 'portable'> = {}): Promise<Traced> {
  const known = options.divided === false ? undefined : FIRST.get(program);
  FIRST.delete(program);
  return checked(program, await (known ?? recorded(program, options)), options);
}

/** The ONNX model of a program, for inspection. Inputs are `state/…` and `input/…`, outputs `next/…` and `output/…`. */
export async function traceToOnnx(
  program: Program,
  options: TraceOptions = {},
): Promise<{ model: Uint8Array; inputs: readonly string[]; outputs: readonly string[]; nodeCount: number }> {
  const { model, inputs, outputs, nodeCount } = await traceProgram(program, options);
  return { model, inputs, outputs, nodeCount };
}
