export {
  ARRAYS,
  activateBackend,
  checkResult,
  checkTensors,
  copyOf,
  type EagerOptions,
  eagerSession,
  mendGradients,
  pick,
  type SharedState,
  SharedStates,
  stateNames,
  switchBackend,
} from './eager.js';
export { activateWasm } from './load-wasm.js';
export { Wasm } from './plugin.js';
