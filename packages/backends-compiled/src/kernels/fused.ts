import { fusedRules } from '@medbench/backend-trace';
import type { FusedKernels } from '@medbench/nn/kernels';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { OnnxRuleTable } from './rule.js';

type AttentionInputs = FusedKernels<Value>['FusedAttention']['inputs'];
type BiasedInputs = FusedKernels<Value>['FusedBiasedAttention']['inputs'];

/** The values of one attention head, or of all heads at once: inputs, scale of the logits, weights and result. */
interface Head {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly scale: Value;
  readonly weights: Value;
  readonly mixed: Value;
}

/**
 * Splitting a projection re-reads all rows once per part. Above this number of parts, copying the result is cheaper.
 */
const MAX_PRODUCTS = 9;

/** The operands of a matrix product with an optional bias, if the value is one; otherwise undefined. */
function matchProjection(x: Value): { rows: Value; weight: Value; bias?: Value } | undefined {
  const [gemm, bias] = x.node?.op === 'Add' ? x.node.inputs : [x];
  const { node } = gemm!;
  if (node?.op !== 'Gemm' || node.inputs.length !== 2) return undefined;
  if (node.attributes.transA !== 0 || node.attributes.transB !== 1 || node.attributes.alpha !== undefined)
    return undefined;
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== x.shape[1])) return undefined;
  const [rows, weight] = node.inputs as [Value, Value];
  return bias ? { rows, weight, bias } : { rows, weight };
}

/**
 * The value that `x` was split from along its last axis, and the offset of `x` there. An unsplit value is its own
 * source.
 */
function findSplitSource(x: Value): { readonly source: Value; readonly begin: number } {
  const { node } = x;
  if (node?.op !== 'Split' || node.attributes.axis !== x.shape.length - 1) return { source: x, begin: 0 };
  const before = node.outputs.slice(0, node.outputs.indexOf(x));
  return { source: node.inputs[0]!, begin: before.reduce((sum, { shape }) => sum + shape.at(-1)!, 0) };
}

/**
 * Splits `[B, T, h d]` into `h` heads `[B, T, d]`, or into one `[B, h, T, d]` if work is not divided. If the value
 * comes from a projection whose weights are smaller than its result, the weights are split instead, so that the result
 * is not copied.
 */
function splitHeads(b: Builder, x: Value, heads: number, whole = !b.divided): readonly Value[] {
  const [batch, length, width] = x.shape as [number, number, number];
  const size = width / heads;
  if (whole) return [b.transpose(b.reshape(x, [batch, length, heads, size]), [0, 2, 1, 3])];
  const { source, begin } = findSplitSource(b.reshape(x, [batch * length, width]));
  const [first, total] = [begin / size, source.shape[1]! / size];
  if (![first, total].every(Number.isInteger)) return b.split(x, Array<number>(heads).fill(size), 2);
  const sizes = Array<number>(total).fill(size);
  const projection = matchProjection(source);
  if (!projection || projection.weight.shape[1]! >= batch * length || total > MAX_PRODUCTS)
    return b.split(b.reshape(source, [batch, length, source.shape[1]!]), sizes, 2).slice(first, first + heads);
  const weights = b.split(projection.weight, sizes, 0);
  const biases = projection.bias && b.split(projection.bias, sizes, 0);
  return Array.from({ length: heads }, (_, i) => {
    const product = b.matMul(projection.rows, weights[first + i]!, false, true);
    return b.reshape(biases ? b.add(product, biases[first + i]!) : product, [batch, length, size]);
  });
}

/** The inverse of `splitHeads`. */
function joinHeads(b: Builder, heads: readonly Value[]): Value {
  const [first] = heads as [Value];
  if (first.shape.length === 4) {
    const [batch, heads, length, size] = first.shape as [number, number, number, number];
    return b.reshape(b.transpose(first, [0, 2, 1, 3]), [batch, length, heads * size]);
  }
  return b.concat(heads, 2);
}

/**
 * Computes attention head by head. Computing all heads at once would need transposes of the head axis to the front and
 * back, which are two copies of all values in each direction. One head of a large batch also stays in the cache until
 * it is used.
 * @param addBias adds what a head's logits `[B, T, S]` are shifted by.
 */
function attendByHead(
  b: Builder,
  { q, k, v }: Pick<AttentionInputs, 'q' | 'k' | 'v'>,
  heads: number,
  addBias: (logits: Value, head: number) => Value,
  whole = !b.divided,
): Head[] {
  const [queries, keys, values] = [q, k, v].map((x) => splitHeads(b, x, heads, whole)) as [Value[], Value[], Value[]];
  return queries.map((query, i) => {
    const scale = b.scalar(1 / Math.sqrt(query.shape.at(-1)!), 'float32');
    const logits = addBias(b.matMul(b.mul(query, scale), keys[i]!, false, true), i);
    const weights = b.graph.node('Softmax', [logits], logits, { axis: -1 });
    return { q: query, k: keys[i]!, v: values[i]!, scale, weights, mixed: b.matMul(weights, values[i]!, false, false) };
  });
}

/** The heads of attention with an optional mask. */
function attendMasked(b: Builder, { mask, ...inputs }: AttentionInputs, heads: number): Head[] {
  // One head has no axis for the heads, so that axis of a mask `[B, 1, 1, S]` is dropped.
  const logitMask = mask?.shape.length === 4 && b.divided ? b.reshape(mask, mask.shape.toSpliced(1, 1)) : mask;
  return attendByHead(b, inputs, heads, (logits) => (logitMask ? b.add(logits, logitMask) : logits));
}

/** The heads of attention with a bias `[G, h, T, S]`, all at once: example b takes the bias b mod G. */
const attendBiased = (b: Builder, { bias, ...inputs }: BiasedInputs, heads: number): Head[] =>
  attendByHead(
    b,
    inputs,
    heads,
    (logits) => {
      // The groups take turns along the batch, which therefore has an axis for them while the bias is added.
      const turns = [logits.shape[0]! / bias.shape[0]!, ...bias.shape];
      return b.reshape(b.add(b.reshape(logits, turns), bias), logits.shape);
    },
    true,
  );

/** Gradients of one head by its queries, keys and values, and by its logits, `[B, T, S]`. */
interface HeadGradients {
  readonly byInputs: readonly [Value, Value, Value];
  readonly byLogits: Value;
}

/** Gradients of one head: with weights P, D = rowsum(P ∘ dP) and dS = P ∘ (dP - D). */
function headGradients(b: Builder, { q, k, v, scale, weights, mixed }: Head, dy: Value): HeadGradients {
  const byWeights = b.matMul(dy, v, false, true);
  // D also equals rowsum(dy ∘ y) (arXiv:2205.14135, appendix B.2). The form with fewer columns is computed.
  const [size, keys] = [q.shape.at(-1)!, k.shape.at(-2)!];
  const products = keys > size ? b.mul(dy, mixed) : b.mul(weights, byWeights);
  const across = b.sub(byWeights, b.reduce('ReduceSum', products, [q.shape.length - 1], true));
  const byLogits = b.mul(weights, across);
  const scaled = b.mul(byLogits, scale);
  return {
    byInputs: [b.matMul(scaled, k, false, false), b.matMul(scaled, q, true, false), b.matMul(weights, dy, true, false)],
    byLogits,
  };
}

/** Gradients of all heads by queries, keys and values. */
const joinGradients = (b: Builder, gradients: readonly HeadGradients[]): [Value, Value, Value] =>
  [0, 1, 2].map((which) =>
    joinHeads(
      b,
      gradients.map(({ byInputs }) => byInputs[which]!),
    ),
  ) as [Value, Value, Value];

/** The gradient by the bias `[G, h, T, S]`: the sum over the examples that a group belongs to. */
function biasGradient(b: Builder, [{ byLogits }]: readonly [HeadGradients], bias: Value): Value {
  const turns = [byLogits.shape[0]! / bias.shape[0]!, ...bias.shape];
  return b.reduce('ReduceSum', b.reshape(byLogits, turns), [0], false);
}

const mixedValues = (heads: readonly Head[]): Value[] => heads.map(({ mixed }) => mixed);

/** The rules of the fused kernels that `@medbench/nn` calls on backends that offer them. */
export const FUSED_RULES: OnnxRuleTable = fusedRules<Builder, Value>({
  FusedLayerNorm: (b, { x, gain, bias }, { epsilon }) => b.layerNorm(x, gain, bias, epsilon) as [Value, Value, Value],
  FusedAttention: (b, inputs, { heads }) => joinHeads(b, mixedValues(attendMasked(b, inputs, heads))),
  // The heads add no nodes here: the graph already has those of the forward pass.
  FusedAttentionGrad: (b, { dy, ...inputs }, { heads }) => {
    const outputGradients = splitHeads(b, dy, heads);
    const gradients = attendMasked(b, inputs, heads).map((head, i) => headGradients(b, head, outputGradients[i]!));
    return joinGradients(b, gradients);
  },
  FusedBiasedAttention: (b, inputs, { heads }) => joinHeads(b, mixedValues(attendBiased(b, inputs, heads))),
  FusedBiasedAttentionGrad: (b, { dy, ...inputs }, { heads }) => {
    const [given] = splitHeads(b, dy, heads, true);
    const [head] = attendBiased(b, inputs, heads);
    const gradients = [headGradients(b, head!, given!)] as const;
    return [...joinGradients(b, gradients), biasGradient(b, gradients, inputs.bias)];
  },
});
