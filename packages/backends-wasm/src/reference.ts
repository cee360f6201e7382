import { activateWasm } from './load-wasm.js';

/** The eager backend that the first step of compiled programs is checked against. */
export const wasmReference = {
  name: 'WebAssembly',
  activate: activateWasm,
  /** Programs that compute more than this in a step do not fit WebAssembly's memory. */
  largestBytes: 2 ** 30,
} as const;
