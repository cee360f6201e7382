export { activateBackend, switchBackend } from './active.js';
export { type EagerOptions, eagerSession } from './eager.js';
export {
  addressOf,
  callAsync,
  copyBytes,
  copyText,
  functionAt,
  type NativeArgument,
  type NativeFunction,
  type NativeLibrary,
  type NativeValue,
  openLibrary,
} from './native.js';
export { poolShares } from './pool-shares.js';
export { type SharedState, SharedStates } from './shared-state.js';
export {
  ARRAY_TYPES,
  checkResult,
  checkTensors,
  copyTensor,
  expandLevels,
  pick,
  stateNames,
  tensorBytes,
} from './tensors.js';
