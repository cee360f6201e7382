import type * as trace from '@medbench/backend-trace';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';

/** The input values of a kernel, by TensorFlow.js name. */
export type HloInputs = trace.KernelInputs<HloValue>;

/** Translates one TensorFlow.js kernel into operations of StableHLO. */
export type HloRule = trace.KernelRule<HloBuilder, HloValue>;

/** The rules of one family of kernels, by TensorFlow.js name. */
export type HloRuleTable = trace.KernelRules<HloBuilder, HloValue>;
