import { elementCount, type HostTensor, type HostTensors, type Program, random } from '@medbench/core';
import { integers, normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';

/** One op on small random tensors. */
export interface OpCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** Names of the inputs to differentiate by; none where the op has no gradient. */
  readonly differentiate: readonly string[];
  readonly run: (inputs: Readonly<Record<string, tf.Tensor>>) => tf.Tensor | tf.Tensor[];
}

type Unary = (x: tf.Tensor) => tf.Tensor;
export type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const truth = (name: string, shape: readonly number[]): HostTensor => {
  const { data } = integers(name, shape, 2);
  return { shape, dtype: 'bool', data: Uint8Array.from(data) };
};
/** All values in (low, high), away from kinks and poles. */
export const between = (name: string, shape: readonly number[], low: number, high: number): HostTensor => {
  const stream = random(3, name, ...shape);
  const size = elementCount(shape);
  const data = Float32Array.from({ length: size }, () => low + (high - low) * stream.uniform());
  return { shape, dtype: 'float32', data };
};

export const unary = (name: string, run: Unary, x: HostTensor = normal(name, [3, 5]), gradient = true): OpCase => ({
  name,
  inputs: { x },
  differentiate: gradient ? ['x'] : [],
  run: (inputs) => run(inputs.x!),
});
export const binary = (
  name: string,
  run: Binary,
  a: HostTensor = normal(`${name}a`, [4, 1, 3]),
  b: HostTensor = between(`${name}b`, [2, 3], 0.5, 2),
  gradient = true,
): OpCase => ({
  name,
  inputs: { a, b },
  differentiate: gradient ? ['a', 'b'] : [],
  run: (inputs) => run(inputs.a!, inputs.b!),
});

const positive = between('positive', [3, 5], 0.2, 3);
const unit = between('unit', [3, 5], -0.9, 0.9);
const cube = normal('cube', [2, 3, 4]);

const ELEMENTWISE: OpCase[] = [
  unary('abs', (x) => tf.abs(x)),
  unary('acos', (x) => tf.acos(x), unit),
  unary('acosh', (x) => tf.acosh(x), between('acosh', [4], 1.2, 3)),
  unary('asin', (x) => tf.asin(x), unit),
  unary('asinh', (x) => tf.asinh(x)),
  unary('atan', (x) => tf.atan(x)),
  unary('atanh', (x) => tf.atanh(x), unit),
  unary('ceil', (x) => tf.ceil(x), undefined, false),
  unary('cos', (x) => tf.cos(x)),
  unary('cosh', (x) => tf.cosh(x)),
  unary('elu', (x) => tf.elu(x)),
  unary('erf', (x) => tf.erf(x)),
  unary('exp', (x) => tf.exp(x)),
  unary('expm1', (x) => tf.expm1(x)),
  unary('expm1 of small and large', (x) => tf.expm1(x), normal('small', [7], 1e-5), false),
  unary('expm1 of large', (x) => tf.expm1(x), between('large', [7], -120, 60), false),
  unary('floor', (x) => tf.floor(x), undefined, false),
  unary('leakyRelu', (x) => tf.leakyRelu(x, 0.1)),
  unary('log', (x) => tf.log(x), positive),
  unary('log1p', (x) => tf.log1p(x), positive),
  unary('log1p of small', (x) => tf.log1p(x), normal('small', [7], 1e-5), false),
  unary('logSigmoid', (x) => tf.logSigmoid(x)),
  unary('neg', (x) => tf.neg(x)),
  unary('reciprocal', (x) => tf.reciprocal(x), positive),
  unary('relu', (x) => tf.relu(x)),
  unary('relu6', (x) => tf.relu6(x), normal('relu6', [3, 5], 5)),
  unary('round', (x) => tf.round(x), undefined, false),
  unary('rsqrt', (x) => tf.rsqrt(x), positive),
  unary('selu', (x) => tf.selu(x)),
  unary('sigmoid', (x) => tf.sigmoid(x)),
  unary('sign', (x) => tf.sign(x), undefined, false),
  unary('sin', (x) => tf.sin(x)),
  unary('sinh', (x) => tf.sinh(x)),
  unary('softplus', (x) => tf.softplus(x)),
  unary('sqrt', (x) => tf.sqrt(x), positive),
  unary('square', (x) => tf.square(x)),
  unary('step', (x) => tf.step(x, 0.3), undefined, false),
  unary('tan', (x) => tf.tan(x), unit),
  unary('tanh', (x) => tf.tanh(x)),
  unary('clipByValue', (x) => tf.clipByValue(x, -0.5, 0.7)),
  unary('exact GELU', (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1))),
  unary('quick GELU', (x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)))),
  unary('power of 2', (x) => tf.pow(x, 2), positive),
  unary('power of 1.5', (x) => tf.pow(x, 1.5), positive),
  unary('scalar factors', (x) => tf.div(tf.mul(tf.neg(tf.mul(x, 3)), 0.5), 4)),
  unary('scalar factors from the left', (x) => tf.sub(2, tf.add(1, tf.div(3, tf.mul(2, x)))), positive),
  unary('isNaN', (x) => tf.isNaN(tf.log(x)), undefined, false),
  unary('isFinite', (x) => tf.isFinite(tf.log(x)), undefined, false),
  binary('add', (a, b) => tf.add(a, b)),
  binary('sub', (a, b) => tf.sub(a, b)),
  binary('mul', (a, b) => tf.mul(a, b)),
  binary('div', (a, b) => tf.div(a, b)),
  binary('sub of neg', (a, b) => tf.sub(tf.neg(a), tf.neg(b))),
  binary('add of neg', (a, b) => tf.add(tf.neg(a), tf.neg(b))),
  binary('pow', (a, b) => tf.pow(a, b), between('base', [4, 1, 3], 0.2, 2)),
  binary('maximum', (a, b) => tf.maximum(a, b)),
  binary('minimum', (a, b) => tf.minimum(a, b)),
  binary('squaredDifference', (a, b) => tf.squaredDifference(a, b)),
  binary('mod', (a, b) => tf.mod(a, b), normal('moda', [4, 1, 3], 3), normal('modb', [2, 3], 2), false),
  binary('prelu', (a, b) => tf.prelu(a, b), cube, normal('slope', [2, 3, 4])),
  binary('addN', (a, b) => tf.addN([a, a, b]), cube, normal('other', [2, 3, 4]), false),
  binary('int32 add', (a, b) => tf.add(a, b), integers('ia', [3, 4], 9), integers('ib', [4], 9), false),
  binary('int32 mul', (a, b) => tf.mul(a, b), integers('ia', [3, 4], 9), integers('ib', [4], 9), false),
  binary('int32 maximum', (a, b) => tf.maximum(a, b), integers('ia', [3, 4], 9), integers('ib', [4], 9), false),
  binary(
    'int32 floorDiv',
    (a, b) => tf.floorDiv(tf.sub(a, tf.scalar(4, 'int32')), tf.add(b, tf.scalar(1, 'int32'))),
    integers('ia', [3, 4], 9),
    integers('ib', [4], 4),
    false,
  ),
];

const COMPARISON: OpCase[] = [
  ...(['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'] as const).map((name) =>
    binary(name, (a, b) => tf[name](a, b), integers('ca', [3, 4], 3), integers('cb', [4], 3), false),
  ),
  ...(['logicalAnd', 'logicalOr', 'logicalXor'] as const).map((name) =>
    binary(name, (a, b) => tf[name](a, b), truth('ta', [3, 4]), truth('tb', [3, 4]), false),
  ),
  unary('logicalNot', (x) => tf.logicalNot(x), truth('not', [3, 4]), false),
  unary('any', (x) => tf.any(x, 1), truth('any', [3, 2]), false),
  unary('all', (x) => tf.all(x, 1), truth('all', [3, 2]), false),
  {
    name: 'where',
    inputs: { m: integers('m', [4, 2, 3], 2), a: normal('a', [4, 1, 3]), b: normal('b', [2, 3]) },
    differentiate: ['a', 'b'],
    run: ({ m, a, b }) => tf.where(tf.equal(m!, 1), a!, b!),
  },
  binary(
    'where of rows',
    (a, b) => tf.where(tf.tensor3d([1, 0], [2, 1, 1], 'bool'), a, b),
    cube,
    normal('other', [2, 3, 4]),
  ),
  unary('cast to int32', (x) => tf.cast(tf.mul(x, 10), 'int32'), undefined, false),
  unary('cast to bool', (x) => tf.cast(tf.relu(x), 'bool'), undefined, false),
  unary('cast of bool', (x) => tf.cast(x, 'float32'), truth('cast', [3, 4]), false),
  unary('oneHot', (x) => tf.oneHot(x, 5, 0.9, 0.1), integers('hot', [2, 3], 5), false),
  unary('oneHot, 0 and 1', (x) => tf.oneHot(x, 5), integers('hot', [2, 3], 5), false),
];

const REDUCTIONS: OpCase[] = [
  unary('sum', (x) => tf.sum(x), cube),
  unary('sum along an axis', (x) => tf.sum(x, 1), cube),
  unary('sum along the last, kept', (x) => tf.sum(x, -1, true), cube),
  unary('sum of rows', (x) => tf.sum(x, 0), normal('rows', [9, 20])),
  unary('sum of rows, kept', (x) => tf.sum(x, [0, 1], true), normal('rows', [3, 4, 16])),
  unary('sum of rows of axes', (x) => tf.sum(x, 0), normal('rows', [5, 4, 6])),
  unary('mean', (x) => tf.mean(x), cube),
  unary('mean along two axes', (x) => tf.mean(x, [0, 2]), cube),
  unary('mean kept', (x) => tf.mul(tf.mean(x, -1, true), x), cube),
  unary('max', (x) => tf.max(x, 2), cube),
  unary('min', (x) => tf.min(x, 0), cube),
  unary('prod', (x) => tf.prod(x, 1), cube, false),
  unary('logSumExp', (x) => tf.logSumExp(x, -1), cube),
  unary('softmax', (x) => tf.softmax(x), cube),
  unary('logSoftmax', (x) => tf.logSoftmax(x), cube),
  unary('norm', (x) => tf.norm(x, 2, -1, true), cube),
  unary('variance', (x) => tf.moments(x, [-1]).variance, cube),
  unary('cumsum', (x) => tf.cumsum(x, 1), cube),
  unary('cumsum, exclusive and reversed', (x) => tf.cumsum(x, 2, true, true), cube),
  unary('argMax', (x) => tf.argMax(x, -1), cube, false),
  unary('argMin', (x) => tf.argMin(x, 1), cube, false),
  { name: 'topk', inputs: { x: cube }, differentiate: [], run: ({ x }) => Object.values(tf.topk(x!, 2)) },
  unary('sum of int32', (x) => tf.sum(x, 0), integers('sum', [3, 4], 9), false),
  unary('sum of bool', (x) => tf.sum(x, 0), truth('sum', [3, 4]), false),
];

/** x Wᵀ + b, on `[3, 4]`, `[5, 4]` and `[5]`. */
const affine = (name: string, run: (product: tf.Tensor, bias: tf.Tensor) => tf.Tensor | tf.Tensor[]): OpCase => ({
  name,
  inputs: { x: normal('x', [3, 4]), w: normal('w', [5, 4]), bias: normal('bias', [5]) },
  differentiate: ['x', 'w', 'bias'],
  run: ({ x, w, bias }) => run(tf.matMul(x!, w!, false, true), bias!),
});

const MATRIX: OpCase[] = [
  affine('product plus bias', (product, bias) => tf.add(product, bias)),
  affine('bias plus product', (product, bias) => tf.tanh(tf.add(bias, product))),
  affine('product plus bias, the product used again', (product, bias) => tf.mul(tf.add(product, bias), product)),
  affine('product plus bias, the product an output', (product, bias) => [product, tf.add(product, bias)]),
  affine('product plus bias, doubled', (product, bias) => tf.add(tf.add(product, bias), product)),
  ...[false, true].flatMap((left) =>
    [false, true].flatMap((right) => [
      binary(
        `matMul ${left ? 'T' : 'N'}${right ? 'T' : 'N'}`,
        (a, b) => tf.matMul(a, b, left, right),
        normal('left', left ? [4, 3] : [3, 4]),
        normal('right', right ? [5, 4] : [4, 5]),
      ),
      binary(
        `batched matMul ${left ? 'T' : 'N'}${right ? 'T' : 'N'}`,
        (a, b) => tf.matMul(a, b, left, right),
        normal('left', left ? [2, 3, 4, 5] : [2, 3, 5, 4]),
        normal('right', right ? [2, 3, 6, 4] : [2, 3, 4, 6]),
      ),
    ]),
  ),
  binary(
    'matMul of transposes',
    (a, b) => tf.matMul(tf.transpose(a, [0, 2, 1]), tf.transpose(b, [0, 2, 1])),
    normal('left', [2, 4, 3]),
    normal('right', [2, 5, 4]),
  ),
  binary('matMul, broadcast', (a, b) => tf.matMul(a, b), normal('left', [3, 2, 4]), normal('right', [1, 4, 5]), false),
  binary(
    'outer product',
    (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D),
    normal('o', [3]),
    normal('p', [4]),
  ),
  binary('dot', (a, b) => tf.dot(a, b), normal('o', [3]), normal('p', [3])),
];

const SHAPES: OpCase[] = [
  unary('reshape', (x) => tf.mul(tf.reshape(x, [6, -1]), 2), cube),
  unary('reshape to itself', (x) => tf.reshape(tf.reshape(x, [24]), [2, 3, 4]), cube),
  unary('expandDims and squeeze', (x) => tf.squeeze(tf.mul(tf.expandDims(x, 1), 2), [1]), cube),
  unary('transpose', (x) => tf.transpose(x, [2, 0, 1]), cube),
  unary('transpose twice', (x) => tf.transpose(tf.transpose(x, [2, 0, 1]), [1, 2, 0]), cube),
  unary('transpose of ones', (x) => tf.transpose(tf.reshape(x, [1, 24, 1]), [2, 1, 0]), cube),
  unary('slice', (x) => tf.slice(x, [0, 1, 1], [2, 2, -1]), cube),
  unary('stridedSlice', (x) => tf.stridedSlice(x, [1, 3], [-1, 0], [1, -2]), normal('strided', [4, 5]), false),
  unary('stridedSlice backwards', (x) => tf.stridedSlice(x, [3], [0], [-1], 0, 1), normal('strided', [4, 5]), false),
  unary('reverse', (x) => tf.reverse(x, [0, 2]), cube),
  binary('concat', (a, b) => tf.concat([a, b, a], 1), normal('c', [2, 3]), normal('d', [2, 1])),
  binary('stack', (a, b) => tf.stack([a, b], 1), normal('c', [2, 3]), normal('d', [2, 3])),
  { name: 'unstack', inputs: { x: cube }, differentiate: ['x'], run: ({ x }) => tf.unstack(x!, 1) },
  { name: 'split', inputs: { x: cube }, differentiate: ['x'], run: ({ x }) => tf.split(x!, [1, 3], 2) },
  unary('tile', (x) => tf.tile(x, [2, 1, 3]), cube),
  unary('tile of ones', (x) => tf.tile(tf.reshape(x, [1, 4, 1]), [3, 1, 2]), normal('ones', [4])),
  unary('broadcastTo', (x) => tf.mul(tf.broadcastTo(x, [3, 4, 2]), 2), normal('broad', [4, 1])),
  unary('mean of a broadcast', (x) => tf.mean(tf.broadcastTo(x, [3, 4, 2]), 2), normal('broad', [4, 1])),
  unary(
    'pad',
    (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
          [1, 1],
        ],
        0.5,
      ),
    cube,
  ),
  unary(
    'mirrorPad reflect',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 1],
          [2, 1],
        ],
        'reflect',
      ),
    normal('mirror', [3, 4]),
    false,
  ),
  unary(
    'mirrorPad symmetric',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 0],
        ],
        'symmetric',
      ),
    normal('mirror', [3, 4]),
    false,
  ),
  unary('zeros and ones', (x) => tf.add(tf.mul(tf.onesLike(x), 3), tf.zerosLike(x)), cube, false),
  unary('fill', (x) => tf.add(x, tf.fill([2, 3, 4], 0.25)), cube),
  unary('range', (x) => tf.mul(x, tf.range(4, 0, -1)), cube),
  unary('range of int32', (x) => tf.mul(tf.cast(x, 'int32'), tf.range(0, 4, 1, 'int32')), cube, false),
  unary('linspace', (x) => tf.mul(x, tf.linspace(0, 1, 4)), cube),
  unary('eye', (x) => tf.matMul(tf.reshape(x, [6, 4]) as tf.Tensor2D, tf.eye(4)), cube),
  unary('large constant', (x) => tf.mul(x, tf.ones([400, 24])), normal('row', [24])),
];

const INDEXING: OpCase[] = [
  binary('gather', (a, b) => tf.gather(a, b), normal('table', [5, 3]), integers('ids', [7], 5), false),
  binary('gather along an axis', (a, b) => tf.gather(a, b, 1), cube, integers('ids', [2, 2], 3), false),
  binary('gather per batch', (a, b) => tf.gather(a, b, 1, 1), cube, integers('ids', [2, 5], 3), false),
  binary(
    'gather per batch along a later axis',
    (a, b) => tf.gather(a, b, 2, 1),
    cube,
    integers('ids', [2, 5], 4),
    false,
  ),
  {
    name: 'gather and its gradient',
    inputs: { x: normal('table', [5, 3]), ids: integers('ids', [9], 5) },
    differentiate: ['x'],
    run: ({ x, ids }) => tf.gather(x!, ids!),
  },
  {
    name: 'gather along an axis and its gradient',
    inputs: { x: cube, ids: integers('ids', [6], 3) },
    differentiate: ['x'],
    run: ({ x, ids }) => tf.gather(x!, ids!, 1),
  },
  {
    name: 'unsortedSegmentSum',
    inputs: { x: normal('rows', [9, 2]), ids: integers('ids', [9], 4) },
    differentiate: ['x'],
    run: ({ x, ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4),
  },
  {
    name: 'unsortedSegmentSum, some left out',
    inputs: { x: normal('rows', [9, 2]), ids: integers('ids', [9], 5) },
    differentiate: [],
    run: ({ x, ids }) => tf.unsortedSegmentSum(x!, tf.sub(ids!, tf.scalar(1, 'int32')) as tf.Tensor1D, 4),
  },
  binary('gatherND', (a, b) => tf.gatherND(a, b), cube, integers('nd', [4, 2], 2), false),
  {
    name: 'scatterND',
    inputs: { ids: integers('snd', [5, 2], 3), updates: normal('updates', [5, 4]) },
    differentiate: [],
    run: ({ ids, updates }) => tf.scatterND(ids!, updates!, [3, 3, 4]),
  },
];

export const OP_CASES: readonly OpCase[] = [
  ...ELEMENTWISE,
  ...COMPARISON,
  ...REDUCTIONS,
  ...MATRIX,
  ...SHAPES,
  ...INDEXING,
];

/** A different weight near 1 for each element, so that no gradient is uniform. */
const weights = (like: tf.Tensor): tf.Tensor =>
  tf.reshape(
    tf.tensor1d(Float32Array.from({ length: like.size }, (_, i) => 1 + 0.5 * Math.cos(1.7 * i + 0.3))),
    like.shape,
  );

/**
 * Builds a program from the case. Its outputs are `y0`, … and, for each differentiated input, the gradient of their
 * weighted sum.
 */
export function caseProgram({ name, inputs, differentiate, run }: OpCase): Program {
  const specs = Object.fromEntries(Object.entries(inputs).map(([key, { shape, dtype }]) => [key, { shape, dtype }]));
  const list = (given: Readonly<Record<string, tf.Tensor>>): tf.Tensor[] => [run(given)].flat();
  return {
    name,
    state: {},
    inputs: specs,
    run(_, given) {
      const outputs: Record<string, tf.Tensor> = {};
      for (const [i, y] of list(given).entries()) outputs[`y${i}`] = y;
      if (differentiate.length > 0) {
        const loss = (...xs: tf.Tensor[]): tf.Tensor => {
          const moved = Object.fromEntries(differentiate.map((key, i) => [key, xs[i]!]));
          return list({ ...given, ...moved })
            .map((y) => tf.sum(tf.mul(y, weights(y))))
            .reduce((sum, term) => tf.add(sum, term));
        };
        const gradients = tf.grads(loss)(differentiate.map((key) => given[key]!));
        for (const [i, key] of differentiate.entries()) outputs[`d${key}`] = gradients[i]!;
      }
      return { outputs };
    },
  };
}

/** Largest difference in units of `atol + rtol * |expected|`. Infinite if only one side is NaN. */
export function worst(found: HostTensor, expected: HostTensor, rtol: number, atol: number): number {
  let most = 0;
  expected.data.forEach((value, i) => {
    const other = found.data[i]!;
    if (Object.is(other, value) || other === value) return;
    const units = Math.abs(other - value) / (atol + rtol * Math.abs(value));
    most = Math.max(most, Number.isNaN(units) ? Number.POSITIVE_INFINITY : units);
  });
  return most;
}

export type { HostTensors };
