import type { FusedKernels } from '@medbench/nn/kernels';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import { softmax } from './matrix.js';

type Kernel = FusedKernels<HloValue>['FusedAttention'];
type Gradient = FusedKernels<HloValue>['FusedAttentionGrad'];
type BiasedInputs = FusedKernels<HloValue>['FusedBiasedAttention']['inputs'];
/** Inputs of attention. */
export type AttentionInputs = Kernel['inputs'];
/** Inputs of its gradients. */
export type GradientInputs = Gradient['inputs'];
/** Number of heads, and whether the mask is causal. */
export type AttentionAttributes = Kernel['attributes'];

/** `[B, T, h d]` as `[B, T, h, d]`. Heads stay where they are: products name their batch axes. */
export function splitHeads(b: HloBuilder, x: HloValue, heads: number): HloValue {
  const [batch, length, width] = x.shape as [number, number, number];
  return b.reshape(x, [batch, length, heads, width / heads]);
}

/** `[B, h, T, d]` as `[B, T, h d]`. */
export function joinHeads(b: HloBuilder, x: HloValue): HloValue {
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

/**
 * Sums of rows by the transposed weights: `[B, h, T, S]` and `[B, T, h, d]` to `[B, S, h d]`. The rows are on the left: in
 * bfloat16, XLA's CPU plugin takes 35 times as long for a product that transposes its left factor.
 */
function mixTransposed(b: HloBuilder, weights: HloValue, rows: HloValue): HloValue {
  const product = b.dot(rows, weights, {
    batch: [
      [0, 2],
      [0, 1],
    ],
    contract: [[1], [2]],
  });
  const [batch, heads, size, length] = product.shape as [number, number, number, number];
  return b.reshape(b.transpose(product, [0, 3, 1, 2]), [batch, length, heads * size]);
}

/** Attention of all heads, with what its gradient needs. `shift` adds a mask or a bias to the logits `[B, h, T, S]`. */
function attend(
  b: HloBuilder,
  { q, k, v }: Pick<AttentionInputs, 'q' | 'k' | 'v'>,
  heads: number,
  shift: (logits: HloValue) => HloValue,
) {
  const [queries, keys, values] = [q, k, v].map((x) => splitHeads(b, x, heads)) as [HloValue, HloValue, HloValue];
  const scale = 1 / Math.sqrt(queries.shape[3]!);
  const weights = softmax(b, shift(rowProducts(b, b.scale(queries, scale), keys)), 3);
  return { queries, keys, values, scale, weights };
}

type Attended = ReturnType<typeof attend>;

const attendMasked = (b: HloBuilder, { mask, ...inputs }: AttentionInputs, heads: number): Attended =>
  attend(b, inputs, heads, (logits) => (mask ? b.add(logits, mask) : logits));

/** With a bias `[G, h, T, S]`: example b takes the bias b mod G. */
const attendBiased = (b: HloBuilder, { bias, ...inputs }: BiasedInputs, heads: number): Attended =>
  attend(b, inputs, heads, (logits) =>
    b.reshape(b.add(b.reshape(logits, inTurns(logits.shape, bias.shape)), bias), logits.shape),
  );

/** `[B, …]` as `[B / G, G, …]`. */
const inTurns = ([batch]: readonly number[], group: readonly number[]): number[] => [batch! / group[0]!, ...group];

/** Gradients by `q`, `k`, `v` and by the logits. */
function gradients(b: HloBuilder, { queries, keys, values, scale, weights }: Attended, dy: HloValue, heads: number) {
  const given = splitHeads(b, dy, heads);
  const byWeights = rowProducts(b, given, values);
  // Of the softmax: with weights P and their gradient dP, it is P ∘ (dP - rowsum(P ∘ dP)).
  const across = b.sub(byWeights, b.reduce('add', b.mul(weights, byWeights), [3], true));
  const byLogits = b.mul(weights, across);
  const scaled = b.scale(byLogits, scale);
  const byInputs: [HloValue, HloValue, HloValue] = [
    joinHeads(b, mix(b, scaled, keys)),
    mixTransposed(b, scaled, queries),
    mixTransposed(b, weights, given),
  ];
  return { byInputs, byLogits };
}

const mixed = (b: HloBuilder, { weights, values }: Attended): HloValue => joinHeads(b, mix(b, weights, values));

/** Attention by products and a softmax, `[B, T, h d]`. */
export const attention = (b: HloBuilder, inputs: AttentionInputs, { heads }: AttentionAttributes): HloValue =>
  mixed(b, attendMasked(b, inputs, heads));

/** Its gradients by `q`, `k` and `v`. `attend` adds no operations here: the program has those of the forward pass. */
export const attentionGradients = (
  b: HloBuilder,
  { dy, ...inputs }: GradientInputs,
  { heads }: AttentionAttributes,
): [HloValue, HloValue, HloValue] => gradients(b, attendMasked(b, inputs, heads), dy, heads).byInputs;

/** Attention with a bias, `[B, T, h d]`. */
export const biasedAttention = (b: HloBuilder, inputs: BiasedInputs, heads: number): HloValue =>
  mixed(b, attendBiased(b, inputs, heads));

/** Its gradients by `q`, `k`, `v` and the bias. */
export function biasedAttentionGradients(
  b: HloBuilder,
  { dy, ...inputs }: BiasedInputs & { readonly dy: HloValue },
  heads: number,
): [HloValue, HloValue, HloValue, HloValue] {
  const { byInputs, byLogits } = gradients(b, attendBiased(b, inputs, heads), dy, heads);
  const turns = b.reshape(byLogits, inTurns(byLogits.shape, inputs.bias.shape));
  return [...byInputs, b.reduce('add', turns, [0])];
}
