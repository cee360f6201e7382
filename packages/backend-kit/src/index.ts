export { activateBackend, switchBackend } from './active.js';
export { type EagerOptions, eagerSession } from './eager.js';
export { poolShares } from './pool-shares.js';
export { type SharedState, SharedStates } from './shared-state.js';
export { ARRAY_TYPES, checkResult, checkTensors, copyTensor, pick, stateNames } from './tensors.js';
