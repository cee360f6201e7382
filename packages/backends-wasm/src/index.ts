export { activateWasm } from './load-wasm.js';
export { Wasm } from './plugin.js';
