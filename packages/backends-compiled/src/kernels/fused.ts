import type { RuleTable } from './rule.js';

/**
 * Kernels that TensorFlow.js does not have. An engine offers them under these names, and `@medbench/nn` uses them where
 * they are offered.
 */
export const FUSED: RuleTable = {
  /** Layer norm on the last axis. Gives the result, the mean and the inverse spread, the latter two `[..., 1]`. */
  FusedLayerNorm: (b, { x, gain, bias }, { epsilon }: { readonly epsilon: number }) =>
    b.layerNorm(x!, gain!, bias!, epsilon),
};
