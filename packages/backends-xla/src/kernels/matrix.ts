import { normaliseAxis } from '@medbench/backend-trace';
import { elementCount, MedbenchError } from '@medbench/core';
import {
  type _FusedMatMulAttrs,
  type BatchMatMulAttrs,
  backend_util,
  type LogSoftmaxAttrs,
  type SoftmaxAttrs,
} from '@tensorflow/tfjs-core';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import { clip, elu, leaky, relu } from './elementwise.js';
import type { HloRuleTable } from './rule.js';

/** Matrix product over the last two axes, with optional transposes; the axes before them are broadcast. */
function matMul(b: HloBuilder, x: HloValue, y: HloValue, transposeX: boolean, transposeY: boolean): HloValue {
  const rank = x.shape.length;
  // A single matrix on the right takes all rows of the left at once.
  if (elementCount(y.shape.slice(0, -2)) === 1 && (rank === 2 || !transposeX)) {
    const matrix = b.reshape(y, y.shape.slice(-2));
    const rows = x.shape.slice(0, -1);
    const left = rank === 2 ? x : b.reshape(x, [elementCount(rows), x.shape.at(-1)!]);
    const product = b.dot(left, matrix, { contract: [[rank === 2 && transposeX ? 0 : 1], [transposeY ? 1 : 0]] });
    const batch = broadcastShape(x.shape.slice(0, -2), y.shape.slice(0, -2));
    return b.reshape(product, [...batch, rank === 2 ? product.shape[0]! : rows.at(-1)!, product.shape[1]!]);
  }
  const batch = broadcastShape(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const [left, right] = [x, y].map((one) => b.broadcast(one, [...batch, ...one.shape.slice(-2)])) as [
    HloValue,
    HloValue,
  ];
  const axes = [...batch.keys()];
  const first = batch.length;
  return b.dot(left, right, {
    batch: [axes, axes],
    contract: [[transposeX ? first : first + 1], [transposeY ? first + 1 : first]],
  });
}

const broadcastShape = (a: readonly number[], b: readonly number[]): number[] =>
  backend_util.assertAndGetBroadcastShape([...a], [...b]);

/** exp(x) / Σ exp(x) along an axis. */
export function softmax(b: HloBuilder, x: HloValue, axis: number): HloValue {
  const power = b.unary('stablehlo.exponential', b.sub(x, b.reduce('maximum', x, [axis], true)));
  return b.div(power, b.reduce('add', power, [axis], true));
}

function logSoftmax(b: HloBuilder, x: HloValue, axis: number): HloValue {
  const shifted = b.sub(x, b.reduce('maximum', x, [axis], true));
  const sum = b.reduce('add', b.unary('stablehlo.exponential', shifted), [axis], true);
  return b.sub(shifted, b.unary('stablehlo.log', sum));
}

/** Applies the activation of a fused kernel. */
function activate(b: HloBuilder, x: HloValue, attrs: _FusedMatMulAttrs, weights?: HloValue): HloValue {
  const { activation, leakyreluAlpha } = attrs;
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return relu(b, x);
    case 'relu6':
      return clip(b, x, 0, 6);
    case 'elu':
      return elu(b, x);
    case 'sigmoid':
      return b.unary('stablehlo.logistic', x);
    case 'prelu':
      return leaky(b, x, weights!);
    case 'leakyrelu':
      return leaky(b, x, b.scalar(leakyreluAlpha ?? 0.2, 'float32'));
    default:
      throw new MedbenchError('backend', `A fused matrix product with activation ${activation} cannot be compiled`, {
        hint: 'Apply the activation as a separate operation.',
      });
  }
}

export const MATRIX: HloRuleTable = {
  BatchMatMul: (builder, { a, b }, { transposeA, transposeB }: BatchMatMulAttrs) =>
    matMul(builder, a!, b!, transposeA, transposeB),
  _FusedMatMul: (builder, { a, b, bias, preluActivationWeights }, attrs: _FusedMatMulAttrs) => {
    const product = matMul(builder, a!, b!, attrs.transposeA, attrs.transposeB);
    return activate(builder, bias ? builder.add(product, bias) : product, attrs, preluActivationWeights);
  },
  Softmax: (b, { logits }, { dim }: SoftmaxAttrs) => softmax(b, logits!, normaliseAxis(dim, logits!.shape.length)),
  LogSoftmax: (b, { logits }, { axis }: LogSoftmaxAttrs) =>
    logSoftmax(b, logits!, normaliseAxis(axis, logits!.shape.length)),
  FusedBatchNorm: (b, { x, scale, offset, mean, variance }, attrs: { varianceEpsilon: number }) => {
    const inverse = b.unary('stablehlo.rsqrt', b.add(variance!, b.scalar(attrs.varianceEpsilon, 'float32')));
    const normalised = b.mul(b.sub(x!, mean!), inverse);
    const scaled = scale ? b.mul(normalised, scale) : normalised;
    return offset ? b.add(scaled, offset) : scaled;
  },
};
