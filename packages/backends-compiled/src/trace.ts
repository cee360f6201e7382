import { checkSameGraph, type Recording, Tracer } from '@medbench/backend-trace';
import type { Program } from '@medbench/core';
import { hasBlockedLayout } from './blocked-layout.js';
import { Builder, type BuilderOptions } from './graph/builder.js';
import { type EmittedGraph, emit } from './graph/emit.js';
import type { Value } from './graph/graph.js';
import { KERNELS } from './kernels/index.js';

/** A program recorded as an ONNX graph. */
export interface TracedProgram extends EmittedGraph, Omit<Recording<Value>, 'outputs'> {}

/** Options of recording. `portable` restricts the graph to operators of the ONNX standard, for other runtimes. */
export interface TraceOptions extends BuilderOptions {
  /** Whether an earlier process has recorded the same model: then a second recording is skipped here. */
  readonly recordedBefore?: (model: Uint8Array) => Promise<boolean>;
}

/** Records programs with the rules in `kernels/`. */
export const TRACER = new Tracer<Builder, Value>({
  name: 'onnx',
  rules: KERNELS,
  rulesPackage: '@medbench/backends-compiled',
});

/** Records one run of a program, on shapes alone. @throws MedbenchError as `traceProgram`. */
async function recordOnce(program: Program, options: TraceOptions): Promise<TracedProgram> {
  const onCpu = !options.portable && options.divided !== false;
  const builder = new Builder({ ...options, blocked: options.blocked ?? (onCpu && (await hasBlockedLayout())) });
  const { outputs, ...recording } = await TRACER.record(program, builder);
  return { ...emit(builder.graph, outputs), ...recording };
}

/** Records a program a second time and compares, unless an earlier process has recorded the same model. */
async function checkRepeatable(program: Program, first: TracedProgram, options: TraceOptions): Promise<TracedProgram> {
  if (await options.recordedBefore?.(first.model)) return first;
  checkSameGraph(program, first, await recordOnce(program, options));
  return first;
}

/**
 * Records a program on shapes alone and writes it as one ONNX graph. The program runs twice: values that differ between
 * the two runs, for example random numbers, must not be baked into the graph.
 * @throws MedbenchError if the program reads a value back, uses a kernel without a mapping, or differs between two
 *   runs.
 */
export const traceProgram = async (program: Program, options: TraceOptions = {}): Promise<TracedProgram> =>
  checkRepeatable(program, await recordOnce(program, options), options);

/** Recordings made to estimate the memory of programs. Each is kept until its program is loaded. */
const EARLIER_RECORDINGS = new WeakMap<Program, Promise<TracedProgram>>();

/**
 * Records a program once and keeps the recording for `takeTraced`.
 * @throws MedbenchError as `traceProgram`, except that differences between two runs are not detected.
 */
export function traceOnce(program: Program): Promise<TracedProgram> {
  const recording = EARLIER_RECORDINGS.get(program) ?? recordOnce(program, {});
  EARLIER_RECORDINGS.set(program, recording);
  return recording;
}

/**
 * `traceProgram` that reuses the recording of `traceOnce`, if there is one, and removes it from the cache. That
 * recording has its work divided for cores, so it is not used with `divided: false`.
 */
export async function takeTraced(
  program: Program,
  options: Omit<TraceOptions, 'portable'> = {},
): Promise<TracedProgram> {
  const recording = options.divided === false ? undefined : EARLIER_RECORDINGS.get(program);
  EARLIER_RECORDINGS.delete(program);
  return checkRepeatable(program, await (recording ?? recordOnce(program, options)), options);
}

/** The ONNX model of a program, for inspection. Inputs are `state/…` and `input/…`, outputs `next/…` and `output/…`. */
export async function traceToOnnx(
  program: Program,
  options: TraceOptions = {},
): Promise<{ model: Uint8Array; inputs: readonly string[]; outputs: readonly string[]; nodeCount: number }> {
  const { model, inputs, outputs, nodeCount } = await traceProgram(program, options);
  return { model, inputs, outputs, nodeCount };
}
