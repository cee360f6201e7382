import { checkSame, type Recording, Tracer } from '@medbench/backend-trace';
import type { Program } from '@medbench/core';
import { Builder, type BuilderOptions } from './graph/builder.js';
import { type Emitted, emit } from './graph/emit.js';
import type { Value } from './graph/graph.js';
import { KERNELS } from './kernels/index.js';

/** A program as an ONNX graph. */
export interface Traced extends Emitted, Omit<Recording<Value>, 'outputs'> {}

/** `portable`: operators of the ONNX standard only, for other runtimes. */
export interface TraceOptions extends BuilderOptions {
  /** Whether a process before this one has recorded the same model: then it need not be recorded twice here. */
  readonly known?: (model: Uint8Array) => Promise<boolean>;
}

/** Records programs by the rules of `kernels/`. */
export const TRACER = new Tracer<Builder, Value>({
  name: 'onnx',
  rules: KERNELS,
  rulesIn: '@medbench/backends-compiled',
});

/** Runs a program once on shapes alone. @throws MedbenchError as `traceProgram`. */
async function recorded(program: Program, options: TraceOptions): Promise<Traced> {
  const builder = new Builder(options);
  const { outputs, ...recording } = await TRACER.record(program, builder);
  return { ...emit(builder.graph, outputs), ...recording };
}

/** Records a program once more, unless it is known to do the same again. */
async function checked(program: Program, first: Traced, options: TraceOptions): Promise<Traced> {
  if (await options.known?.(first.model)) return first;
  checkSame(program, first, await recorded(program, options));
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
