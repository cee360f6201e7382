import { COMPARISON } from './comparison.js';
import { CONVOLUTION } from './convolution.js';
import { ELEMENTWISE } from './elementwise.js';
import { FUSED_RULES } from './fused.js';
import { INDEXING } from './indexing.js';
import { MATRIX } from './matrix.js';
import { POOLING } from './pooling.js';
import { REDUCTIONS } from './reductions.js';
import type { HloRuleTable } from './rule.js';
import { SHAPES } from './shapes.js';

/** The rules of all TensorFlow.js kernels that can be compiled. */
export const KERNELS: HloRuleTable = {
  ...ELEMENTWISE,
  ...COMPARISON,
  ...REDUCTIONS,
  ...MATRIX,
  ...CONVOLUTION,
  ...POOLING,
  ...SHAPES,
  ...INDEXING,
  ...FUSED_RULES,
};
