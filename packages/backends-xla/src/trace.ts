import { checkSameGraph, NAME_PREFIXES, type Recording, Tracer } from '@medbench/backend-trace';
import type { Precision, Program } from '@medbench/core';
import { type Attention, HloBuilder, type HloModule } from './hlo/builder.js';
import type { HloValue } from './hlo/value.js';
import { KERNELS } from './kernels/index.js';

/** A program recorded as StableHLO. */
export interface TracedProgram extends HloModule, Omit<Recording<HloValue>, 'outputs'> {
  readonly operationCount: number;
  /** Number of bytes of all tensors that a step computes. */
  readonly tracedBytes: number;
  /** Bytes of the text, which is the key of the compiled program. */
  readonly model: Uint8Array;
}

/** Records programs with the rules in `kernels/`. */
export const TRACER = new Tracer<HloBuilder, HloValue>({
  name: 'stablehlo',
  rules: KERNELS,
  rulesPackage: '@medbench/backends-xla',
});

/** How a program is recorded. */
export interface TraceOptions {
  readonly precision?: Precision | undefined;
  /** Default `composed`. */
  readonly attention?: Attention | undefined;
  /** Number of devices that divide the rows of the inputs. Default 1. */
  readonly devices?: number | undefined;
}

/** Records one run of a program. Updated state takes the memory of the state before. */
async function recordOnce(program: Program, { precision, devices, attention }: TraceOptions) {
  const builder = new HloBuilder(precision, attention);
  const { outputs, ...recording } = await TRACER.record(program, builder);
  const inPlace = Object.fromEntries(
    recording.updated.map((name) => [NAME_PREFIXES.next + name, NAME_PREFIXES.state + name]),
  );
  const module = builder.write(program.name, outputs, inPlace, devices);
  const { operationCount, tracedBytes, constants } = builder;
  const model = Buffer.from(module.text);
  const traced: TracedProgram = { ...module, ...recording, operationCount, tracedBytes, model };
  return { traced, written: { model, nodeCount: operationCount, constants } };
}

/**
 * Records a program on shapes alone and writes it as StableHLO. The program runs twice: values that differ between the
 * two runs, for example random numbers, must not become constants.
 * @param recordedBefore whether an earlier process has recorded the same program: then it runs once.
 * @throws MedbenchError if the program reads a value back, uses a kernel without a rule, or differs between two runs.
 */
export async function traceProgram(
  program: Program,
  {
    recordedBefore = async () => false,
    ...options
  }: TraceOptions & {
    readonly recordedBefore?: ((model: Uint8Array) => Promise<boolean>) | undefined;
  } = {},
): Promise<TracedProgram> {
  const { traced, written } = await recordOnce(program, options);
  if (!(await recordedBefore(traced.model)))
    checkSameGraph(program, written, (await recordOnce(program, options)).written);
  return traced;
}

/** The StableHLO of a program, for inspection. Inputs are `state/…` and `input/…`, outputs `next/…` and `output/…`. */
export async function traceToStableHlo(
  program: Program,
  options: TraceOptions = {},
): Promise<HloModule & { readonly operationCount: number }> {
  const { text, inputs, outputs, operationCount } = await traceProgram(program, options);
  return { text, inputs, outputs, operationCount };
}
