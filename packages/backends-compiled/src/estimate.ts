import { canCheck } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import type { Program, ProgramMemory } from '@medbench/core';
import { byteSize } from './graph/graph.js';
import { arenaBytes } from './graph/memory.js';
import { tracedOnce } from './trace.js';

/** Node, TensorFlow.js, ONNX Runtime and what recording leaves behind, as measured by `npm run bench:memory`. */
const BASE = 180 * 2 ** 20;
/** Most of the room of the arrays that the state came in that stays with the process when they are freed, measured likewise. */
const LEFT_BEHIND = 128 * 2 ** 20;

/** Of the bytes that an eager step's tensors come to, views too, what WebAssembly's memory grows by; measured likewise. */
const EAGER_SHARE = 0.84;

/**
 * What a step of a program takes on ONNX Runtime's CPU provider: its arena, constants, inputs, state that it only reads, and
 * the arrays that the state came in, as far as the allocator keeps their room.
 */
export async function estimateProgram(program: Program): Promise<ProgramMemory> {
  const traced = await tracedOnce(program);
  const updated = new Set(traced.updated);
  const sizes = Object.entries(program.state).map(([name, spec]) => ({ name, bytes: byteSize(spec) }));
  const read = sizes.filter(({ name }) => !updated.has(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  const came = sizes.filter(({ name }) => updated.has(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  const left = Math.min(came, LEFT_BEHIND);
  const inputs = Object.values(program.inputs).reduce((sum, spec) => sum + byteSize(spec), 0);
  const { run } = traced;
  const arena = arenaBytes(run);
  return {
    bytes: arena + traced.constantBytes + inputs,
    garbageBytes: arena - arenaBytes(run, 0),
    stateBytes: read + left,
    baseBytes: BASE,
    checkBytes: canCheck(program, traced.tracedBytes, wasmReference) ? EAGER_SHARE * traced.eagerBytes : 0,
    outputs: traced.results,
  };
}
