import { canCheck } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import type { Program, ProgramMemory } from '@medbench/core';
import { byteSize } from './graph/graph.js';
import { arenaBytes } from './graph/memory.js';
import { traceOnce } from './trace.js';

/** Memory of Node, TensorFlow.js, ONNX Runtime and the remains of recording, as measured by `npm run bench:memory`. */
const BASE_BYTES = 180 * 2 ** 20;
/** Largest part of the initial state's arrays that the allocator keeps after they are freed, measured likewise. */
const MAX_RETAINED_BYTES = 128 * 2 ** 20;

/**
 * Growth of WebAssembly's memory in an eager step, as a share of the bytes of all its tensors and views; measured
 * likewise.
 */
const EAGER_SHARE = 0.84;

/**
 * Estimates the memory of a step on ONNX Runtime's CPU provider: its arena, constants, inputs, read-only state, and the
 * part of the initial state's arrays that the allocator keeps.
 */
export async function estimateProgram(program: Program): Promise<ProgramMemory> {
  const traced = await traceOnce(program);
  const updated = new Set(traced.updated);
  const sizes = Object.entries(program.state).map(([name, spec]) => ({ name, bytes: byteSize(spec) }));
  const readOnlyBytes = sizes.filter(({ name }) => !updated.has(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  const updatedBytes = sizes.filter(({ name }) => updated.has(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  const retainedBytes = Math.min(updatedBytes, MAX_RETAINED_BYTES);
  const inputBytes = Object.values(program.inputs).reduce((sum, spec) => sum + byteSize(spec), 0);
  const { run } = traced;
  const peakArenaBytes = arenaBytes(run);
  return {
    bytes: peakArenaBytes + traced.constantBytes + inputBytes,
    garbageBytes: peakArenaBytes - arenaBytes(run, 0),
    stateBytes: readOnlyBytes + retainedBytes,
    baseBytes: BASE_BYTES,
    checkBytes: canCheck(program, traced.tracedBytes, wasmReference) ? EAGER_SHARE * traced.eagerBytes : 0,
    outputs: traced.results,
  };
}
