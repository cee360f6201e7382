import { backend_util, type ClipByValueAttrs, type LeakyReluAttrs, type StepAttrs } from '@tensorflow/tfjs-core';
import type { HloBuilder } from '../hlo/builder.js';
import type { HloValue } from '../hlo/value.js';
import type { HloInputs, HloRule, HloRuleTable } from './rule.js';

const unary =
  (operation: string): HloRule =>
  (b, { x }) =>
    b.unary(operation, x!);

const binary =
  (operation: string): HloRule =>
  (b, inputs) =>
    b.binary(operation, inputs.a!, inputs.b!);

export const relu = (b: HloBuilder, x: HloValue): HloValue => b.max(x, b.scalar(0, x.dtype));

/** x where it is positive, else `negative`. */
const unlessNegative = (b: HloBuilder, x: HloValue, negative: HloValue): HloValue =>
  b.select(b.compare('GE', x, b.scalar(0, x.dtype)), x, negative);

export const elu = (b: HloBuilder, x: HloValue): HloValue =>
  unlessNegative(b, x, b.unary('stablehlo.exponential_minus_one', x));

export const clip = (b: HloBuilder, x: HloValue, low: number, high: number): HloValue =>
  b.min(b.max(x, b.scalar(low, x.dtype)), b.scalar(high, x.dtype));

/** x where it is positive, else x times a slope. */
export const leaky = (b: HloBuilder, x: HloValue, slope: HloValue): HloValue => unlessNegative(b, x, b.mul(x, slope));

/** log(1 + exp(x)) without overflow. */
function softplus(b: HloBuilder, x: HloValue): HloValue {
  const power = b.unary('stablehlo.exponential', b.unary('stablehlo.negate', b.unary('stablehlo.abs', x)));
  return b.add(relu(b, x), b.unary('stablehlo.log_plus_one', power));
}

/** Whether two numbers are on different sides of zero, and `remainder` is not zero. */
function pointsAway(b: HloBuilder, remainder: HloValue, divisor: HloValue): HloValue {
  const zero = b.scalar(0, remainder.dtype);
  const negative = (x: HloValue): HloValue => b.compare('LT', x, zero);
  const differs = b.binary('xor', negative(remainder), negative(divisor));
  return b.binary('and', differs, b.compare('NE', remainder, zero));
}

/** Remainder with the sign of the divisor. StableHLO's has the sign of the dividend. */
function mod(b: HloBuilder, { a, b: divisor }: HloInputs): HloValue {
  const remainder = b.binary('remainder', a!, divisor!);
  return b.select(pointsAway(b, remainder, divisor!), b.add(remainder, divisor!), remainder);
}

/** Quotient rounded towards minus infinity. StableHLO rounds integers towards zero. */
function floorDiv(b: HloBuilder, { a, b: divisor }: HloInputs): HloValue {
  const quotient = b.div(a!, divisor!);
  if (a!.dtype === 'float32') return b.unary('stablehlo.floor', quotient);
  const remainder = b.binary('remainder', a!, divisor!);
  return b.select(pointsAway(b, remainder, divisor!), b.sub(quotient, b.scalar(1, 'int32')), quotient);
}

const isInfinite = (b: HloBuilder, x: HloValue): HloValue =>
  b.compare('EQ', b.unary('stablehlo.abs', x), b.scalar(Number.POSITIVE_INFINITY, 'float32'));

export const ELEMENTWISE: HloRuleTable = {
  Abs: unary('stablehlo.abs'),
  Acos: unary('chlo.acos'),
  Acosh: unary('chlo.acosh'),
  Asin: unary('chlo.asin'),
  Asinh: unary('chlo.asinh'),
  Atan: unary('chlo.atan'),
  Atanh: unary('chlo.atanh'),
  Ceil: unary('stablehlo.ceil'),
  Cos: unary('stablehlo.cosine'),
  Cosh: unary('chlo.cosh'),
  Erf: unary('chlo.erf'),
  Exp: unary('stablehlo.exponential'),
  Floor: unary('stablehlo.floor'),
  Log: unary('stablehlo.log'),
  Neg: unary('stablehlo.negate'),
  Round: unary('stablehlo.round_nearest_even'),
  Sigmoid: unary('stablehlo.logistic'),
  Sign: unary('stablehlo.sign'),
  Sin: unary('stablehlo.sine'),
  Sinh: unary('chlo.sinh'),
  Sqrt: unary('stablehlo.sqrt'),
  Tan: unary('chlo.tan'),
  Tanh: unary('stablehlo.tanh'),
  Expm1: unary('stablehlo.exponential_minus_one'),
  Log1p: unary('stablehlo.log_plus_one'),
  Rsqrt: unary('stablehlo.rsqrt'),
  Relu: (b, { x }) => relu(b, x!),
  Softplus: (b, { x }) => softplus(b, x!),
  Elu: (b, { x }) => elu(b, x!),
  Selu: (b, { x }) => {
    const negative = b.scale(b.unary('stablehlo.exponential_minus_one', x!), backend_util.SELU_SCALEALPHA);
    return b.select(b.compare('GE', x!, b.scalar(0, x!.dtype)), b.scale(x!, backend_util.SELU_SCALE), negative);
  },
  Reciprocal: (b, { x }) => b.div(b.scalar(1, 'float32'), x!),
  Square: (b, { x }) => b.mul(x!, x!),
  IsNan: (b, { x }) => b.compare('NE', x!, x!),
  IsInf: (b, { x }) => isInfinite(b, x!),
  IsFinite: (b, { x }) => b.isFinite(x!),
  Relu6: (b, { x }) => clip(b, x!, 0, 6),
  LeakyRelu: (b, { x }, { alpha }: LeakyReluAttrs) => leaky(b, x!, b.scalar(alpha, 'float32')),
  Prelu: (b, { x, alpha }) => leaky(b, x!, alpha!),
  Step: (b, { x }, { alpha }: StepAttrs) => {
    const [zero, one, rest] = [0, 1, alpha].map((value) => b.scalar(value, x!.dtype)) as [HloValue, HloValue, HloValue];
    return b.select(b.compare('GT', x!, zero), one, rest);
  },
  EluGrad: (b, { dy, y }) => {
    const [zero, one] = [b.scalar(0, 'float32'), b.scalar(1, 'float32')];
    return b.select(b.compare('GE', y!, zero), dy!, b.mul(dy!, b.add(y!, one)));
  },
  ClipByValue: (b, { x }, { clipValueMin, clipValueMax }: ClipByValueAttrs) => clip(b, x!, clipValueMin, clipValueMax),
  Add: binary('add'),
  Sub: binary('subtract'),
  // The product of booleans is their conjunction.
  Multiply: (b, { a, b: other }) => b.binary(a!.dtype === 'bool' ? 'and' : 'multiply', a!, other!),
  RealDiv: binary('divide'),
  Pow: binary('power'),
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  Mod: mod,
  FloorDiv: floorDiv,
  SquaredDifference: (b, { a, b: other }) => {
    const difference = b.sub(a!, other!);
    return b.mul(difference, difference);
  },
  AddN: (b, inputs) => Object.values(inputs).reduce((sum, term) => b.add(sum, term)),
};
