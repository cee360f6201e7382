export {
  ARRAYS,
  activateBackend,
  checkResult,
  checkTensors,
  copyOf,
  type EagerOptions,
  eagerSession,
  mendGradients,
  stateNames,
} from './eager.js';
export { activateWasm } from './load-wasm.js';
export { Wasm } from './plugin.js';
