export { normaliseAxes, normaliseAxis } from './axes.js';
export { type Agreement, FirstStepCheck, type FirstStepOptions } from './first-step.js';
export { ProgramCache, type ProgramCacheOptions } from './program-cache.js';
export { type Recording, Tracer } from './record.js';
export {
  type FusedRules,
  fusedRules,
  type KernelInputs,
  type KernelRule,
  type KernelRules,
  NAME_PREFIXES,
  type TraceBuilder,
  type TracerOptions,
  type TraceValue,
} from './seam.js';
export {
  canCheck,
  checkMemory,
  compareTensors,
  type EagerReference,
  type SelfCheckRequest,
  selfCheck,
  type TensorDifference,
  type Tolerance,
} from './self-check.js';
export {
  completeShape,
  linSpaceValues,
  mirrorPositions,
  rangeValues,
  type SliceRange,
  sliceRange,
} from './shapes.js';
export { type BakedConstant, checkSameGraph, type WrittenGraph } from './twice.js';
export { convolutionWindow, poolWindow, type Shape4D, type WindowInfo } from './windows.js';
