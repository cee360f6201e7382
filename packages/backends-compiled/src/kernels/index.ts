import { COMPARISON } from './comparison.js';
import { CONVOLUTION } from './convolution.js';
import { ELEMENTWISE } from './elementwise.js';
import { FUSED_RULES } from './fused.js';
import { INDEXING } from './indexing.js';
import { MATRIX } from './matrix.js';
import { POOLING } from './pooling.js';
import { REDUCTIONS } from './reductions.js';
import type { RuleTable } from './rule.js';
import { SHAPES } from './shapes.js';

/** Every TensorFlow.js kernel that can be compiled. */
export const KERNELS: RuleTable = {
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
