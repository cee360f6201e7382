export { activateWasm } from './load-wasm.js';
export { Wasm } from './plugin.js';
export { wasmReference } from './reference.js';
