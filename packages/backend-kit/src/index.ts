export { activateBackend, type EagerOptions, eagerSession, switchBackend } from './eager.js';
export { poolShares } from './pool-shares.js';
export { type SharedState, SharedStates } from './shared-state.js';
export { ARRAYS, checkResult, checkTensors, copyOf, pick, stateNames } from './tensors.js';
