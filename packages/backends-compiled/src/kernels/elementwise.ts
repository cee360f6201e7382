import type { ClipByValueAttrs, LeakyReluAttrs, StepAttrs } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type { OnnxInputs, OnnxRule, OnnxRuleTable } from './rule.js';

const unary =
  (op: string): OnnxRule =>
  (b, { x }) =>
    b.unary(op, x!);

const binary =
  (op: string): OnnxRule =>
  (b, inputs) =>
    b.binary(op, inputs.a!, inputs.b!);

/** log(1 + x), corrected for the rounding of 1 + x at small x (W. Kahan's correction). */
function log1p(b: Builder, { x }: OnnxInputs): Value {
  const one = b.scalar(1, 'float32');
  const sum = b.add(x!, one);
  const corrected = b.div(b.mul(b.unary('Log', sum), x!), b.sub(sum, one));
  return b.where(b.binary('Equal', sum, one, 'bool'), x!, corrected);
}

/** exp(x) - 1 without cancellation at small x (the same correction as in `log1p`). */
function expm1(b: Builder, { x }: OnnxInputs): Value {
  const one = b.scalar(1, 'float32');
  const power = b.unary('Exp', x!);
  const difference = b.sub(power, one);
  const corrected = b.div(b.mul(difference, x!), b.unary('Log', power));
  const small = b.where(b.binary('Equal', power, one, 'bool'), x!, corrected);
  // Beyond |x| = 1 nothing cancels, and the correction would divide infinities.
  return b.where(b.binary('Greater', b.unary('Abs', x!), one, 'bool'), difference, small);
}

/** Remainder with the sign of the divisor. */
function mod(b: Builder, { a, b: divisor }: OnnxInputs): Value {
  if (a!.dtype === 'int32') return b.graph.node('Mod', ...modOperands(b, a!, divisor!), { fmod: 0 });
  const zero = b.scalar(0, 'float32');
  const remainder = b.graph.node('Mod', ...modOperands(b, a!, divisor!), { fmod: 1 });
  const negative = (x: Value): Value => b.binary('Less', x, zero, 'bool');
  const differs = b.binary('Xor', negative(remainder), negative(divisor!), 'bool');
  const isZero = b.binary('Equal', remainder, zero, 'bool');
  return b.where(b.binary('And', differs, b.unary('Not', isZero), 'bool'), b.add(remainder, divisor!), remainder);
}

const modOperands = (b: Builder, a: Value, divisor: Value): [Value[], Value] => [[a, divisor], b.add(a, divisor)];

/** Quotient rounded towards minus infinity. int32 operands are divided in float64, which holds every int32 quotient. */
function floorDiv(b: Builder, { a, b: divisor }: OnnxInputs): Value {
  if (a!.dtype === 'float32') return b.unary('Floor', b.div(a!, divisor!));
  const quotient = b.div(b.cast(a!, 'float64'), b.cast(divisor!, 'float64'));
  return b.cast(b.unary('Floor', quotient), 'int32');
}

export const ELEMENTWISE: OnnxRuleTable = {
  Abs: unary('Abs'),
  Acos: unary('Acos'),
  Acosh: unary('Acosh'),
  Asin: unary('Asin'),
  Asinh: unary('Asinh'),
  Atan: unary('Atan'),
  Atanh: unary('Atanh'),
  Ceil: unary('Ceil'),
  Cos: unary('Cos'),
  Cosh: unary('Cosh'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Floor: unary('Floor'),
  Log: unary('Log'),
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Round: unary('Round'),
  Selu: unary('Selu'),
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Sinh: unary('Sinh'),
  Softplus: unary('Softplus'),
  Sqrt: unary('Sqrt'),
  Tan: unary('Tan'),
  Tanh: unary('Tanh'),
  Elu: unary('Elu'),
  Expm1: expm1,
  Log1p: log1p,
  Rsqrt: (b, { x }) => b.unary('Reciprocal', b.unary('Sqrt', x!)),
  Square: (b, { x }) => b.mul(x!, x!),
  IsNan: (b, { x }) => b.unary('IsNaN', x!, 'bool'),
  IsInf: (b, { x }) => b.unary('IsInf', x!, 'bool'),
  IsFinite: (b, { x }) =>
    b.unary('Not', b.binary('Or', b.unary('IsNaN', x!, 'bool'), b.unary('IsInf', x!, 'bool'), 'bool')),
  Relu6: (b, { x }) => b.binary('Min', b.binary('Max', x!, b.scalar(0, x!.dtype)), b.scalar(6, x!.dtype)),
  LeakyRelu: (b, { x }, { alpha }: LeakyReluAttrs) => b.graph.node('LeakyRelu', [x!], x!, { alpha: { float: alpha } }),
  Prelu: (b, { x, alpha }) => b.where(b.binary('Less', x!, b.scalar(0, x!.dtype), 'bool'), b.mul(x!, alpha!), x!),
  Step: (b, { x }, { alpha }: StepAttrs) =>
    b.where(b.binary('Greater', x!, b.scalar(0, x!.dtype), 'bool'), b.scalar(1, x!.dtype), b.scalar(alpha, x!.dtype)),
  EluGrad: (b, { dy, y }) => {
    const [zero, one] = [b.scalar(0, 'float32'), b.scalar(1, 'float32')];
    return b.where(b.binary('GreaterOrEqual', y!, zero, 'bool'), dy!, b.mul(dy!, b.add(y!, one)));
  },
  ClipByValue: (b, { x }, { clipValueMin, clipValueMax }: ClipByValueAttrs) =>
    b.binary('Min', b.binary('Max', x!, b.scalar(clipValueMin, x!.dtype)), b.scalar(clipValueMax, x!.dtype)),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: (b, { a, b: other }) => (a!.dtype === 'bool' ? b.binary('And', a!, other!, 'bool') : b.mul(a!, other!)),
  RealDiv: binary('Div'),
  Pow: binary('Pow'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Mod: mod,
  FloorDiv: floorDiv,
  SquaredDifference: (b, { a, b: other }) => {
    const difference = b.sub(a!, other!);
    return b.mul(difference, difference);
  },
  AddN: (b, inputs) => Object.values(inputs).reduce((sum, term) => b.add(sum, term)),
};
