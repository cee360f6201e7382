import { normaliseAxis } from '@medbench/backend-trace';
import { MedbenchError } from '@medbench/core';
import type { _FusedMatMulAttrs, BatchMatMulAttrs, LogSoftmaxAttrs, SoftmaxAttrs } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { OnnxRuleTable } from './rule.js';

/** Applies the activation of a fused kernel. */
function activate(b: Builder, x: Value, { activation, leakyreluAlpha }: _FusedMatMulAttrs, weights?: Value): Value {
  const zero = b.scalar(0, 'float32');
  const slope = activation === 'prelu' ? weights! : b.scalar(leakyreluAlpha ?? 0.2, 'float32');
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return b.unary('Relu', x);
    case 'relu6':
      return b.binary('Min', b.unary('Relu', x), b.scalar(6, 'float32'));
    case 'elu':
      return b.unary('Elu', x);
    case 'sigmoid':
      return b.unary('Sigmoid', x);
    case 'prelu':
    case 'leakyrelu':
      return b.where(b.binary('Less', x, zero, 'bool'), b.mul(x, slope), x);
    default:
      throw new MedbenchError('backend', `A fused matrix product with activation ${activation} cannot be compiled`, {
        hint: 'Apply the activation as a separate operation.',
      });
  }
}

export const MATRIX: OnnxRuleTable = {
  BatchMatMul: (builder, { a, b }, { transposeA, transposeB }: BatchMatMulAttrs) =>
    builder.matMul(a!, b!, transposeA, transposeB),
  _FusedMatMul: (builder, { a, b, bias, preluActivationWeights }, attrs: _FusedMatMulAttrs) => {
    const product = builder.matMul(a!, b!, attrs.transposeA, attrs.transposeB);
    return activate(builder, bias ? builder.add(product, bias) : product, attrs, preluActivationWeights);
  },
  Softmax: (builder, { logits }, { dim }: SoftmaxAttrs) =>
    builder.graph.node('Softmax', [logits!], logits!, { axis: normaliseAxis(dim, logits!.shape.length) }),
  LogSoftmax: (builder, { logits }, { axis }: LogSoftmaxAttrs) =>
    builder.graph.node('LogSoftmax', [logits!], logits!, { axis: normaliseAxis(axis, logits!.shape.length) }),
  FusedBatchNorm: (builder, { x, scale, offset, mean, variance }, attrs: { varianceEpsilon: number }) => {
    const spread = builder.unary('Sqrt', builder.add(variance!, builder.scalar(attrs.varianceEpsilon, 'float32')));
    const normalised = builder.div(builder.sub(x!, mean!), spread);
    const scaled = scale ? builder.mul(normalised, scale) : normalised;
    return offset ? builder.add(scaled, offset) : scaled;
  },
};
