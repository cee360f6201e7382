import { fusedRules } from '@medbench/backend-trace';
import type { FusedKernels } from '@medbench/nn/kernels';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import { softmax } from './matrix.js';
import { mean } from './reductions.js';
import type { HloRuleTable } from './rule.js';

type AttentionInputs = FusedKernels<HloValue>['FusedAttention']['inputs'];

/** `[B, T, h d]` as `[B, T, h, d]`. Heads stay where they are: products name their batch axes. */
function splitHeads(b: HloBuilder, x: HloValue, heads: number): HloValue {
  const [batch, length, width] = x.shape as [number, number, number];
  return b.reshape(x, [batch, length, heads, width / heads]);
}

/** `[B, h, T, d]` as `[B, T, h d]`. */
function joinHeads(b: HloBuilder, x: HloValue): HloValue {
  const [batch, heads, length, size] = x.shape as [number, number, number, number];
  return b.reshape(b.transpose(x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

/** Products of all rows: `[B, T, h, d]` and `[B, S, h, d]` to `[B, h, T, S]`. */
const rowProducts = (b: HloBuilder, p: HloValue, q: HloValue): HloValue =>
  b.dot(p, q, {
    batch: [
      [0, 2],
      [0, 2],
    ],
    contract: [[3], [3]],
  });

/** Weighted sums of rows: `[B, h, T, S]` and `[B, S, h, d]` to `[B, h, T, d]`. */
const mix = (b: HloBuilder, weights: HloValue, rows: HloValue): HloValue =>
  b.dot(weights, rows, {
    batch: [
      [0, 1],
      [0, 2],
    ],
    contract: [[3], [1]],
  });

/** Sums of rows by the transposed weights: `[B, h, T, S]` and `[B, T, h, d]` to `[B, h, S, d]`. */
const mixTransposed = (b: HloBuilder, weights: HloValue, rows: HloValue): HloValue =>
  b.dot(weights, rows, {
    batch: [
      [0, 1],
      [0, 2],
    ],
    contract: [[2], [1]],
  });

/** Attention of all heads, with what its gradient needs. */
function attend(b: HloBuilder, { q, k, v, mask }: AttentionInputs, heads: number) {
  const [queries, keys, values] = [q, k, v].map((x) => splitHeads(b, x, heads)) as [HloValue, HloValue, HloValue];
  const scale = 1 / Math.sqrt(queries.shape[3]!);
  const logits = rowProducts(b, b.scale(queries, scale), keys);
  const weights = softmax(b, mask ? b.add(logits, mask) : logits, 3);
  return { queries, keys, values, scale, weights };
}

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
  FusedAttention: (b, inputs, { heads }) => {
    const { weights, values } = attend(b, inputs, heads);
    return joinHeads(b, mix(b, weights, values));
  },
  // `attend` adds no operations here: the program already has those of the forward pass.
  FusedAttentionGrad: (b, { dy, ...inputs }, { heads }) => {
    const { queries, keys, values, scale, weights } = attend(b, inputs, heads);
    const given = splitHeads(b, dy, heads);
    const byWeights = rowProducts(b, given, values);
    // Of the softmax: with weights P and their gradient dP, it is P ∘ (dP - rowsum(P ∘ dP)).
    const across = b.sub(byWeights, b.reduce('add', b.mul(weights, byWeights), [3], true));
    const byLogits = b.scale(b.mul(weights, across), scale);
    return [
      joinHeads(b, mix(b, byLogits, keys)),
      joinHeads(b, mixTransposed(b, byLogits, queries)),
      joinHeads(b, mixTransposed(b, weights, given)),
    ];
  },
});
