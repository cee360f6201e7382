import { activateWasm } from './load-wasm.js';

/** The eager backend that the self-check compares the first step of compiled programs with. */
export const wasmReference = {
  name: 'WebAssembly',
  activate: activateWasm,
  /** Programs whose step computes more bytes than this do not fit into WebAssembly's memory. */
  largestBytes: 2 ** 30,
  /** As measured by `npm run bench:memory`. */
  growth: 0.84,
} as const;
