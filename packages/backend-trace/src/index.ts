export { normaliseAxes, normaliseAxis } from './axes.js';
export { type Recording, Tracer } from './record.js';
export {
  type FusedRules,
  fusedRules,
  type Inputs,
  NAMES,
  type Rule,
  type RuleTable,
  type TraceBuilder,
  type TracerOptions,
  type TraceValue,
} from './seam.js';
export { canCheck, compareTensors, type Difference, type Reference, type SelfCheck, selfCheck } from './self-check.js';
export { type BakedConstant, checkSame, type Written } from './twice.js';
