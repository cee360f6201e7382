import type { CastAttrs, OneHotAttrs } from '@tensorflow/tfjs-core';
import type { ElementType } from '../graph/protobuf.js';
import type { OnnxRule, OnnxRuleTable } from './rule.js';

const compare =
  (op: string): OnnxRule =>
  (b, inputs) =>
    b.binary(op, inputs.a!, inputs.b!, 'bool');

export const COMPARISON: OnnxRuleTable = {
  Equal: compare('Equal'),
  Greater: compare('Greater'),
  GreaterEqual: compare('GreaterOrEqual'),
  Less: compare('Less'),
  LessEqual: compare('LessOrEqual'),
  NotEqual: (b, inputs) => b.unary('Not', b.binary('Equal', inputs.a!, inputs.b!, 'bool')),
  LogicalAnd: compare('And'),
  LogicalOr: compare('Or'),
  LogicalXor: compare('Xor'),
  LogicalNot: (b, { x }) => b.unary('Not', x!),
  Select: (b, { condition, t, e }) => {
    // A condition of rank 1 selects whole rows.
    const rank = t!.shape.length;
    const rows = condition!.shape.length === 1 && rank > 1;
    const mask = rows ? b.reshape(condition!, [...condition!.shape, ...Array<number>(rank - 1).fill(1)]) : condition!;
    return b.where(mask, t!, e!);
  },
  Cast: (b, { x }, { dtype }: CastAttrs) => b.cast(x!, dtype as ElementType),
  OneHot: (b, { indices }, { dtype, depth, onValue, offValue }: OneHotAttrs) => {
    const type = dtype as ElementType;
    const column = b.reshape(indices!, [...indices!.shape, 1]);
    const hit = b.binary('Equal', column, b.iota(depth, 'int32'), 'bool');
    // ONNX Runtime takes three times as long for a choice between two numbers as for a cast.
    if (onValue === 1 && offValue === 0) return b.cast(hit, type);
    return b.where(hit, b.scalar(onValue, type), b.scalar(offValue, type));
  },
};
