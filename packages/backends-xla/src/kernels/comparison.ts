import type { CastAttrs, OneHotAttrs } from '@tensorflow/tfjs-core';
import type { ElementType } from '../hlo/value.js';
import type { HloRule, HloRuleTable } from './rule.js';

const compare =
  (direction: string): HloRule =>
  (b, inputs) =>
    b.compare(direction, inputs.a!, inputs.b!);

const logical =
  (operation: string): HloRule =>
  (b, inputs) =>
    b.binary(operation, inputs.a!, inputs.b!);

export const COMPARISON: HloRuleTable = {
  Equal: compare('EQ'),
  NotEqual: compare('NE'),
  Greater: compare('GT'),
  GreaterEqual: compare('GE'),
  Less: compare('LT'),
  LessEqual: compare('LE'),
  LogicalAnd: logical('and'),
  LogicalOr: logical('or'),
  LogicalXor: logical('xor'),
  LogicalNot: (b, { x }) => b.unary('stablehlo.not', x!),
  Select: (b, { condition, t, e }) => {
    // A condition of rank 1 selects whole rows.
    const rank = t!.shape.length;
    const rows = condition!.shape.length === 1 && rank > 1;
    const mask = rows ? b.reshape(condition!, [...condition!.shape, ...Array<number>(rank - 1).fill(1)]) : condition!;
    return b.select(mask, t!, e!);
  },
  Cast: (b, { x }, { dtype }: CastAttrs) => b.convert(x!, dtype as ElementType),
  OneHot: (b, { indices }, { dtype, depth, onValue, offValue }: OneHotAttrs) => {
    const type = dtype as ElementType;
    const shape = [...indices!.shape, depth];
    const column = b.reshape(indices!, [...indices!.shape, 1]);
    const hit = b.compare('EQ', column, b.iota(shape.length - 1, shape));
    return b.select(hit, b.scalar(onValue, type), b.scalar(offValue, type));
  },
};
