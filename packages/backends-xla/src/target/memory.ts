import { tensorBytes } from '@medbench/backend-kit';
import { checkMemory, NAME_PREFIXES } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import type { Program, ProgramMemory } from '@medbench/core';
import { isDivided } from '../hlo/sharding.js';
import type { CompiledMemory } from '../pjrt/index.js';
import type { TracedProgram } from '../trace.js';

/**
 * The memory that a session takes on each of its devices, by the compiler's figures. The state is there whether the program reads
 * it or not. Temporary memory is free between two runs, so sessions that take turns share it. The inputs count twice: a
 * batch is sent while the one before is in use.
 */
export function deviceMemoryOf(
  program: Program,
  { updated, inputs, results }: Pick<TracedProgram, 'updated' | 'inputs' | 'results'>,
  compiled: CompiledMemory,
  devices = 1,
): ProgramMemory {
  const sum = (bytes: readonly number[]): number => bytes.reduce((total, one) => total + one, 0);
  const stateBytes = (isUpdated: boolean): number =>
    sum(
      Object.entries(program.state)
        .filter(([name]) => updated.includes(name) === isUpdated)
        .map(([, spec]) => tensorBytes(spec)),
    );
  const sent = Object.keys(program.inputs).filter((name) => inputs.includes(NAME_PREFIXES.input + name));
  const inputBytes = sum(
    sent.map((name) => {
      const spec = program.inputs[name]!;
      return tensorBytes(spec) / (isDivided(spec, devices) ? devices : 1);
    }),
  );
  return {
    bytes: compiled.temporary + (compiled.output - compiled.alias) + 2 * inputBytes + stateBytes(true),
    garbageBytes: compiled.temporary,
    stateBytes: stateBytes(false),
    baseBytes: 0,
    checkBytes: 0,
    outputs: results,
  };
}

/**
 * Memory of Node, TensorFlow.js and XLA with what compiling leaves behind, as measured by `bench/memory/peak.mjs`. A process
 * that loads the program from the cache takes half of it.
 */
const BASE_BYTES = 720 * 2 ** 20;

/** The memory that a session takes of the process, on virtual devices of the CPU. @param onDevice what it takes on each. */
export const processMemoryOf = (
  program: Program,
  traced: Pick<TracedProgram, 'tracedBytes' | 'eagerBytes'>,
  onDevice: ProgramMemory,
  devices = 1,
): ProgramMemory => ({
  ...onDevice,
  bytes: devices * onDevice.bytes,
  garbageBytes: devices * onDevice.garbageBytes,
  stateBytes: devices * onDevice.stateBytes,
  baseBytes: BASE_BYTES,
  checkBytes: checkMemory(program, traced, wasmReference),
});
