import type { RuleTable } from './rule.js';

/**
 * Kernels that TensorFlow.js does not have. An engine offers them under these names, and `@medbench/nn` uses them where
 * they are offered.
 */
export const FUSED: RuleTable = {
  /** Layer norm on the last axis. Gives the result, the mean and the inverse spread, the latter two `[..., 1]`. */
  FusedLayerNorm: (b, { x, gain, bias }, { epsilon }: { readonly epsilon: number }) => {
    const statistic = { shape: x!.shape.with(-1, 1), dtype: x!.dtype };
    const outputs = [{ shape: x!.shape, dtype: x!.dtype }, statistic, statistic];
    return b.graph.nodes('LayerNormalization', [x!, gain!, bias!], outputs, { axis: -1, epsilon: { float: epsilon } });
  },
};
