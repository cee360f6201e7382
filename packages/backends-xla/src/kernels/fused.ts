import { fusedRules } from '@medbench/backend-trace';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import { attention, attentionGradients, biasedAttention, biasedAttentionGradients } from './attention.js';
import { canCallCudnn, cudnnAttention, cudnnAttentionGradients } from './cudnn-attention.js';
import { mean } from './reductions.js';
import type { HloRuleTable } from './rule.js';

/** The rules of the fused kernels that `@medbench/nn` calls on backends that offer them. */
export const FUSED_RULES: HloRuleTable = fusedRules<HloBuilder, HloValue>({
  FusedLayerNorm: (b, { x, gain, bias }, { epsilon }) => {
    const last = x.shape.length - 1;
    const average = mean(b, x, [last], true);
    const centred = b.sub(x, average);
    const variance = mean(b, b.mul(centred, centred), [last], true);
    const inverse = b.unary('stablehlo.rsqrt', b.add(variance, b.scalar(epsilon, 'float32')));
    return [b.add(b.mul(b.mul(centred, inverse), gain), bias), average, inverse];
  },
  // arXiv:1607.06450: with n = (x - mean) · inverse and g = dy · gain, the gradient by x is
  // inverse · (g - mean(g) - n · mean(g · n)).
  FusedLayerNormGrad: (b, { dy, x, mean: average, inverse, gain }) => {
    const last = x.shape.length - 1;
    const rows = [...Array(last).keys()];
    const normalised = b.mul(b.sub(x, average), inverse);
    const scaled = b.mul(dy, gain);
    const along = b.mul(normalised, mean(b, b.mul(scaled, normalised), [last], true));
    const byX = b.mul(inverse, b.sub(b.sub(scaled, mean(b, scaled, [last], true)), along));
    return [byX, b.reduce('add', b.mul(dy, normalised), rows), b.reduce('add', dy, rows)];
  },
  FusedAttention: (b, inputs, attributes) =>
    canCallCudnn(b, inputs, attributes) ? cudnnAttention(b, inputs, attributes) : attention(b, inputs, attributes),
  FusedAttentionGrad: (b, inputs, attributes) =>
    canCallCudnn(b, inputs, attributes)
      ? cudnnAttentionGradients(b, inputs, attributes)
      : attentionGradients(b, inputs, attributes),
  FusedBiasedAttention: (b, inputs, { heads }) => biasedAttention(b, inputs, heads),
  FusedBiasedAttentionGrad: (b, inputs, { heads }) => biasedAttentionGradients(b, inputs, heads),
});
