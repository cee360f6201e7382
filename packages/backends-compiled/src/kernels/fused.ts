import { fusedRules } from '@medbench/backend-trace';
import type { FusedKernels } from '@medbench/nn/kernels';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { RuleTable } from './rule.js';

type AttentionInputs = FusedKernels<Value>['FusedAttention']['inputs'];

/** One head of an attention, or all of them: its parts, the scale of the logits, and what comes of them. */
interface Head {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly scale: Value;
  readonly weights: Value;
  readonly mixed: Value;
}

/** Each of the products that one is divided into reads all rows once more: of many, that costs more than to copy what they make. */
const MOST_PRODUCTS = 9;

/** A matrix product with a bias on its rows, if that is what a value is. */
function projectionOf(x: Value): { rows: Value; weight: Value; bias?: Value } | undefined {
  const [gemm, bias] = x.node?.op === 'Add' ? x.node.inputs : [x];
  const { node } = gemm!;
  if (node?.op !== 'Gemm' || node.inputs.length !== 2) return undefined;
  if (node.attributes.transA !== 0 || node.attributes.transB !== 1 || node.attributes.alpha !== undefined)
    return undefined;
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== x.shape[1])) return undefined;
  const [rows, weight] = node.inputs as [Value, Value];
  return bias ? { rows, weight, bias } : { rows, weight };
}

/** The whole that a value is a part of along its last axis, and where it begins there. */
function wholeOf(x: Value): { readonly whole: Value; readonly begin: number } {
  const { node } = x;
  if (node?.op !== 'Split' || node.attributes.axis !== x.shape.length - 1) return { whole: x, begin: 0 };
  const before = node.outputs.slice(0, node.outputs.indexOf(x));
  return { whole: node.inputs[0]!, begin: before.reduce((sum, { shape }) => sum + shape.at(-1)!, 0) };
}

/**
 * `[B, T, h d]` as `h` of `[B, T, d]`; where work is not divided, as one `[B, h, T, d]`. Parts of a projection are projections by
 * parts of its weights, if these are smaller than what they make, which then need not be copied.
 */
function apart(b: Builder, x: Value, heads: number): readonly Value[] {
  const [batch, length, width] = x.shape as [number, number, number];
  const size = width / heads;
  if (!b.divided) return [b.transpose(b.reshape(x, [batch, length, heads, size]), [0, 2, 1, 3])];
  const { whole, begin } = wholeOf(b.reshape(x, [batch * length, width]));
  const [first, all] = [begin / size, whole.shape[1]! / size];
  if (![first, all].every(Number.isInteger)) return b.split(x, Array<number>(heads).fill(size), 2);
  const sizes = Array<number>(all).fill(size);
  const projection = projectionOf(whole);
  if (!projection || projection.weight.shape[1]! >= batch * length || all > MOST_PRODUCTS)
    return b.split(b.reshape(whole, [batch, length, whole.shape[1]!]), sizes, 2).slice(first, first + heads);
  const weights = b.split(projection.weight, sizes, 0);
  const biases = projection.bias && b.split(projection.bias, sizes, 0);
  return Array.from({ length: heads }, (_, i) => {
    const product = b.matMul(projection.rows, weights[first + i]!, false, true);
    return b.reshape(biases ? b.add(product, biases[first + i]!) : product, [batch, length, size]);
  });
}

/** The reverse of `apart`. */
function together(b: Builder, parts: readonly Value[]): Value {
  const [first] = parts as [Value];
  if (first.shape.length === 4) {
    const [batch, heads, length, size] = first.shape as [number, number, number, number];
    return b.reshape(b.transpose(first, [0, 2, 1, 3]), [batch, length, heads * size]);
  }
  return b.concat(parts, 2);
}

/**
 * Attention head by head. To compute all heads at once their axis has to be put in front and back again, two copies of all
 * there is in each direction; and what one head makes of a large batch stays in the cache until it is used.
 */
function headsOf(b: Builder, { q, k, v, mask }: AttentionInputs, heads: number): Head[] {
  const [queries, keys, values] = [q, k, v].map((x) => apart(b, x, heads)) as [Value[], Value[], Value[]];
  // Of `[B, 1, 1, S]` the axis of the heads goes with them.
  const added = mask?.shape.length === 4 && b.divided ? b.reshape(mask, mask.shape.toSpliced(1, 1)) : mask;
  return queries.map((own, i) => {
    const scale = b.scalar(1 / Math.sqrt(own.shape.at(-1)!), 'float32');
    const logits = b.matMul(b.mul(own, scale), keys[i]!, false, true);
    const masked = added ? b.add(logits, added) : logits;
    const weights = b.graph.node('Softmax', [masked], masked, { axis: -1 });
    return { q: own, k: keys[i]!, v: values[i]!, scale, weights, mixed: b.matMul(weights, values[i]!, false, false) };
  });
}

/** Gradients of one head by its queries, keys and values. With P the weights, D = rowsum(P ∘ dP) and dS = P ∘ (dP - D). */
function gradientsOf(b: Builder, { q, k, v, scale, weights, mixed }: Head, dy: Value): [Value, Value, Value] {
  const byWeights = b.matMul(dy, v, false, true);
  // D is rowsum(dy ∘ y) as well (arXiv:2205.14135, appendix B.2): the narrower of both.
  const [size, keys] = [q.shape.at(-1)!, k.shape.at(-2)!];
  const products = keys > size ? b.mul(dy, mixed) : b.mul(weights, byWeights);
  const across = b.sub(byWeights, b.reduce('ReduceSum', products, [q.shape.length - 1], true));
  const byLogits = b.mul(b.mul(weights, across), scale);
  return [b.matMul(byLogits, k, false, false), b.matMul(byLogits, q, true, false), b.matMul(weights, dy, true, false)];
}

/** The kernels that `@medbench/nn` uses where a backend offers them. */
export const FUSED_RULES: RuleTable = fusedRules<Builder, Value>({
  FusedLayerNorm: (b, { x, gain, bias }, { epsilon }) => b.layerNorm(x, gain, bias, epsilon) as [Value, Value, Value],
  FusedAttention: (b, inputs, { heads }) =>
    together(
      b,
      headsOf(b, inputs, heads).map(({ mixed }) => mixed),
    ),
  // What the forward pass has made is found again, not computed anew.
  FusedAttentionGrad: (b, { dy, ...inputs }, { heads }) => {
    const parts = apart(b, dy, heads);
    const gradients = headsOf(b, inputs, heads).map((head, i) => gradientsOf(b, head, parts[i]!));
    return [0, 1, 2].map((which) =>
      together(
        b,
        gradients.map((own) => own[which]!),
      ),
    ) as [Value, Value, Value];
  },
});
