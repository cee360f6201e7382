import { checkMemory } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import type { Program, ProgramMemory, TensorSpec } from '@medbench/core';
import { byteSize } from './graph/graph.js';
import { arenaBytes, outputBytes } from './graph/memory.js';
import { nativeRuntime } from './native/api.js';
import { type TracedProgram, traceOnce } from './trace.js';

/** Memory of Node, TensorFlow.js, ONNX Runtime and the remains of recording, as measured by `npm run bench:memory`. */
const BASE_BYTES = 180 * 2 ** 20;
/** Largest part of the initial state's arrays that the allocator keeps after they are freed, measured likewise. */
const MAX_RETAINED_BYTES = 128 * 2 ** 20;

/**
 * Share of the initial state's arrays that is in memory while V8 has not collected them. With state in place, little is allocated,
 * so that this takes some steps. They are the weights: the two moments begin with zeros, whose pages are not touched.
 */
const UNCOLLECTED_SHARE = 1 / 3;

/** Bytes of a graph's run apart from constants and inputs, with and without the garbage of earlier runs. */
function runBytes({ run, results }: TracedProgram, native: boolean): { readonly peak: number; readonly clean: number } {
  if (!native) return { peak: arenaBytes(run), clean: arenaBytes(run, { garbageBytes: 0 }) };
  const arena = arenaBytes(run, { holdsResults: false });
  const outputs = sumBytes(Object.values(results));
  return { peak: arena + outputBytes(outputs), clean: arena + outputBytes(outputs, 0) };
}

const sumBytes = (tensors: readonly TensorSpec[]): number => tensors.reduce((sum, spec) => sum + byteSize(spec), 0);

/**
 * Estimates the memory of a step on ONNX Runtime's CPU provider: its arena, constants, inputs, read-only state, and the
 * part of the initial state's arrays that the allocator keeps. By the C API, the arrays of the updated state are outside the
 * arena: one for each entry, two where the new value cannot be written over the old one.
 */
export async function estimateProgram(program: Program, native = 'runtime' in nativeRuntime()): Promise<ProgramMemory> {
  const traced = await traceOnce(program);
  const updated = new Set(traced.updated);
  const inPlace = new Set(traced.inPlace);
  const bytesWhere = (test: (name: string) => boolean): number =>
    sumBytes(Object.entries(program.state).flatMap(([name, spec]) => (test(name) ? [spec] : [])));
  const updatedBytes = bytesWhere((name) => updated.has(name));
  const uncollectedBytes = native ? updatedBytes * UNCOLLECTED_SHARE : 0;
  const retainedBytes = Math.max(Math.min(updatedBytes, MAX_RETAINED_BYTES), uncollectedBytes);
  const ownBytes = native ? updatedBytes + bytesWhere((name) => updated.has(name) && !inPlace.has(name)) : 0;
  const { peak, clean } = runBytes(traced, native);
  return {
    bytes: peak + traced.constantBytes + sumBytes(Object.values(program.inputs)),
    garbageBytes: peak - clean,
    stateBytes: bytesWhere((name) => !updated.has(name)) + retainedBytes + ownBytes,
    baseBytes: BASE_BYTES,
    checkBytes: checkMemory(program, traced, wasmReference),
    outputs: traced.results,
  };
}
