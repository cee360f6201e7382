import type { TraceBuilder } from '@medbench/backend-trace';
import { elementCount } from '@medbench/core';
import { Graph, type NumericArray, sameShape, splatValue, type TensorType, type Value } from './graph.js';
import { blocksTimesVector, productOverRows, scaledProduct, vectorTimesBlocks, vectorTimesMatrix } from './products.js';
import type { ElementType } from './protobuf.js';
import { commonView, lowerRankRowSource, lowerRankSource, rowSource } from './views.js';

/** The shape of an elementwise operator's result. The shapes are compatible: TensorFlow.js has checked them. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    return x === 1 ? y : x;
  });
}

const broadcastAll = (operands: readonly Value[]): number[] =>
  operands.reduce<number[]>((result, { shape }) => broadcast(result, shape), []);

const CONSTANT_FOLDS: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** Sums over rows with fewer columns than this are left to ReduceSum. */
const MIN_COLUMNS = 16;

/** Whether dividing by `value` equals multiplying by its reciprocal exactly. */
const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(Math.abs(value)));

export interface BuilderOptions {
  /** Whether to use only operators of the ONNX standard, for other runtimes. Default false. */
  readonly portable?: boolean;
  /** Whether to divide work for the caches of the cores. Default: true unless portable. */
  readonly divided?: boolean;
  /** Whether ONNX Runtime has its layout in blocks of channels here (`hasBlockedLayout`). Default false. */
  readonly blocked?: boolean;
}

/**
 * Adds nodes with inferred shapes to a graph, and simplifies while it adds. Broadcasts are deferred until an operator
 * needs the full size. Operations that change nothing are dropped. Constant factors are multiplied here. Transposes of
 * the last two axes become flags of the matrix product.
 */
export class Builder implements TraceBuilder<Value> {
  readonly graph = new Graph();
  /** Whether only operators of the ONNX standard may be used, in files for other runtimes. */
  readonly portable: boolean;
  /**
   * Whether work is divided so that each core reads its own results from its own cache. On a GPU and in portable files,
   * few large operations are better.
   */
  readonly divided: boolean;
  /** Whether operators on blocks of channels may be used. */
  readonly blocked: boolean;

  constructor({ portable = false, divided = !portable, blocked = false }: BuilderOptions = {}) {
    this.portable = portable;
    this.divided = divided;
    this.blocked = blocked;
  }

  input(name: string, like: TensorType): Value {
    return this.graph.input(name, like);
  }

  scalar(value: number, dtype: ElementType): Value {
    return this.graph.splat(value, { shape: [], dtype });
  }

  constant(array: NumericArray, like: TensorType): Value {
    return this.graph.constant(array, like);
  }

  cast(x: Value, dtype: ElementType): Value {
    if (x.dtype === dtype) return x;
    const splat = splatValue(x);
    if (splat !== undefined && dtype !== 'bool')
      return this.graph.splat(dtype.startsWith('float') ? splat : Math.trunc(splat), { shape: x.shape, dtype });
    const source = this.#unexpanded(x);
    if (source !== x) return this.expand(this.cast(source, dtype), x.shape);
    const lowerRank = lowerRankSource(x);
    if (lowerRank) return this.reshape(this.cast(lowerRank, dtype), x.shape);
    return this.graph.node('Cast', [x], { shape: x.shape, dtype }, { to: CAST_TO[dtype] });
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    const splat = splatValue(x);
    if (splat !== undefined) return this.graph.splat(splat, { shape, dtype: x.dtype });
    if (x.node?.op === 'Reshape') return this.reshape(x.node.inputs[0]!, shape);
    if (x.node?.op === 'Expand') {
      const source = x.node.inputs[0]!;
      if (elementCount(source.shape) === 1) return this.expand(this.reshape(source, []), shape);
      // A broadcast along only the last axis commutes with a reshape of the axes before it.
      const last = x.shape.at(-1);
      const inner = [...x.shape.slice(0, -1), 1];
      if (sameShape(source.shape, inner) && shape.at(-1) === last)
        return this.expand(this.reshape(source, [...shape.slice(0, -1), 1]), shape);
    }
    return this.graph.node('Reshape', [x, this.graph.integers(shape)], { shape, dtype: x.dtype });
  }

  /** Broadcasts to `shape`. Elementwise consumers drop this node, because they broadcast themselves. */
  expand(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    const splat = splatValue(x);
    if (splat !== undefined) return this.graph.splat(splat, { shape, dtype: x.dtype });
    if (x.node?.op === 'Expand') return this.expand(x.node.inputs[0]!, shape);
    return this.graph.node('Expand', [x, this.graph.integers(shape)], { shape, dtype: x.dtype });
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((axis, i) => axis === i)) return x;
    const shape = perm.map((axis) => x.shape[axis]!);
    const splat = splatValue(x);
    if (splat !== undefined) return this.graph.splat(splat, { shape, dtype: x.dtype });
    // Moving axes of length one moves no data, so a reshape is enough.
    const moving = perm.filter((axis) => x.shape[axis] !== 1);
    if (moving.every((axis, i) => i === 0 || moving[i - 1]! < axis)) return this.reshape(x, shape);
    if (x.node?.op === 'Transpose') {
      const first = x.node.attributes.perm as readonly number[];
      return this.transpose(
        x.node.inputs[0]!,
        perm.map((axis) => first[axis]!),
      );
    }
    if (x.node?.op === 'Expand') {
      const source = x.node.inputs[0]!;
      const padded = [...Array<number>(x.shape.length - source.shape.length).fill(1), ...source.shape];
      return this.expand(this.transpose(this.reshape(source, padded), perm), shape);
    }
    return this.graph.node('Transpose', [x], { shape, dtype: x.dtype }, { perm: [...perm] });
  }

  /** Applies an operator to each element. */
  unary(op: string, x: Value, dtype: ElementType = x.dtype): Value {
    const source = this.#unexpanded(x);
    if (source !== x) return this.expand(this.unary(op, source, dtype), x.shape);
    const splat = splatValue(x);
    if (op === 'Neg' && splat !== undefined) return this.graph.splat(-splat, x);
    if (op === 'Neg' && x.node?.op === 'Neg') return x.node.inputs[0]!;
    const lowerRank = lowerRankSource(x);
    if (lowerRank) return this.reshape(this.unary(op, lowerRank, dtype), x.shape);
    return this.graph.node(op, [x], { shape: x.shape, dtype });
  }

  /** Applies an operator to pairs of elements, with broadcasting. */
  binary(op: string, a: Value, b: Value, dtype: ElementType = a.dtype): Value {
    const shape = broadcast(a.shape, b.shape);
    const operands = [this.#unexpanded(a), this.#unexpanded(b)];
    return this.expand(
      this.#combineInView(operands, ([x, y]) => this.#simplify(op, x!, y!, dtype)),
      shape,
    );
  }

  add = (a: Value, b: Value): Value => this.binary('Add', a, b);
  sub = (a: Value, b: Value): Value => this.binary('Sub', a, b);
  mul = (a: Value, b: Value): Value => this.binary('Mul', a, b);
  div = (a: Value, b: Value): Value => this.binary('Div', a, b);

  /** Computes `condition ? a : b` for each element, with broadcasting. */
  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcast(broadcast(condition.shape, a.shape), b.shape);
    const operands = [condition, a, b].map((operand) => this.#unexpanded(operand));
    const combine = (viewed: readonly Value[]): Value =>
      this.graph.node('Where', viewed, { shape: broadcastAll(viewed), dtype: a.dtype });
    return this.expand(this.#combineInView(operands, combine), shape);
  }

  /** A reduction that takes its axes as an input: ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd. */
  reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const keptShape = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    const shape = keepDims ? keptShape : x.shape.filter((_, axis) => !axes.includes(axis));
    // Along an axis of length one there is nothing to reduce.
    const reducedAxes = axes.filter((axis) => x.shape[axis] !== 1);
    if (reducedAxes.length === 0) return this.reshape(x, shape);
    const reducesAll = reducedAxes.length === x.shape.filter((side) => side !== 1).length;
    const reducesLast = reducedAxes.length === 1 && reducedAxes[0] === x.shape.length - 1;
    const lowerRank = reducesAll ? lowerRankSource(x) : reducesLast ? lowerRankRowSource(x) : undefined;
    if (lowerRank) {
      const sourceAxes = reducesAll ? [...lowerRank.shape.keys()] : [lowerRank.shape.length - 1];
      return this.reshape(this.reduce(op, lowerRank, sourceAxes, false), shape);
    }
    if (reducesAll && op === 'ReduceSum' && x.dtype === 'float32' && x.node?.op === 'Mul') {
      const [a, b] = x.node.inputs as [Value, Value];
      if (a === b) return this.reshape(this.#reduceNode('ReduceSumSquare', a, reducedAxes), shape);
    }
    const splat = splatValue(x);
    const count = reducedAxes.reduce((product, axis) => product * x.shape[axis]!, 1);
    if (splat !== undefined && op !== 'ReduceProd')
      return this.graph.splat(op === 'ReduceSum' ? splat * count : splat, { shape, dtype: x.dtype });
    const columns = elementCount(x.shape) / count;
    if (
      op === 'ReduceSum' &&
      x.dtype === 'float32' &&
      columns >= MIN_COLUMNS &&
      reducedAxes.every((axis, i) => axis === i)
    )
      return this.reshape(this.#sumOfRows(x, count), shape);
    return this.reshape(this.#reduceNode(op, x, reducedAxes), shape);
  }

  /** Layer norm on the last axis: the result, and the mean and 1 / sqrt(variance + epsilon), both `[..., 1]`. */
  layerNorm(x: Value, gain: Value, bias: Value, epsilon: number): readonly Value[] {
    const lowerRank = lowerRankRowSource(x);
    const statistic = x.shape.with(-1, 1);
    if (lowerRank) {
      const results = this.layerNorm(lowerRank, gain, bias, epsilon);
      return results.map((result, i) => this.reshape(result, i === 0 ? x.shape : statistic));
    }
    const outputs = [x.shape, statistic, statistic].map((shape) => ({ shape, dtype: x.dtype }));
    return this.graph.nodes('LayerNormalization', [x, gain, bias], outputs, { axis: -1, epsilon: { float: epsilon } });
  }

  /** Matrix product over the last two axes, with optional transposes; the axes before them are broadcast. */
  matMul(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
    const [left, flipA] = this.#untransposed(a, transposeA);
    const [right, flipB] = this.#untransposed(b, transposeB);
    const rows = left.shape.at(flipA ? -1 : -2)!;
    const columns = right.shape.at(flipB ? -2 : -1)!;
    const batch = broadcast(left.shape.slice(0, -2), right.shape.slice(0, -2));
    const shape = [...batch, rows, columns];
    const rightMatrix = right.shape.slice(-2);
    if (elementCount(right.shape.slice(0, -2)) === 1 && (elementCount(batch) === 1 || !flipA)) {
      const inner = left.shape.at(flipA ? -2 : -1)!;
      const leftMatrix = flipA ? [inner, rows] : [elementCount(batch) * rows, inner];
      return this.reshape(
        this.#gemm(this.reshape(left, leftMatrix), this.reshape(right, rightMatrix), flipA, flipB),
        shape,
      );
    }
    if (a.dtype === 'float32' && !this.portable) {
      const { values, attributes } = scaledProduct(left, right, flipA, flipB);
      return this.graph.node('FusedMatMul', values, { shape, dtype: 'float32' }, attributes, 'com.microsoft');
    }
    return this.graph.node('MatMul', [this.#flipped(left, flipA), this.#flipped(right, flipB)], {
      shape,
      dtype: a.dtype,
    });
  }

  /** Concatenates tensors along an axis. Nested concatenations along the same axis are flattened into one. */
  concat(tensors: readonly Value[], axis: number): Value {
    const isSameConcat = ({ node }: Value): boolean => node?.op === 'Concat' && node.attributes.axis === axis;
    const pieces = tensors.flatMap((tensor) => (isSameConcat(tensor) ? tensor.node!.inputs : [tensor]));
    const first = pieces[0]!;
    if (pieces.length === 1) return first;
    const rowSources = axis === first.shape.length - 1 ? pieces.map(rowSource) : [];
    if (
      rowSources.length > 0 &&
      rowSources.every((x) => x && sameShape(x.shape.slice(0, -1), rowSources[0]!.shape.slice(0, -1)))
    ) {
      const rows = this.concat(rowSources as Value[], rowSources[0]!.shape.length - 1);
      return this.reshape(rows, [...first.shape.slice(0, -1), rows.shape.at(-1)!]);
    }
    const side = pieces.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return this.graph.node('Concat', pieces, { shape: first.shape.with(axis, side), dtype: first.dtype }, { axis });
  }

  split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
    if (sizes.length === 1) return [x];
    const outputs = sizes.map((side) => ({ shape: x.shape.with(axis, side), dtype: x.dtype }));
    return this.graph.nodes('Split', [x, this.graph.integers(sizes)], outputs, { axis });
  }

  /** The elements `begin, begin + step, …` along each axis; `step` may be negative. */
  slice(x: Value, begin: readonly number[], size: readonly number[], step?: readonly number[]): Value {
    if (sameShape(x.shape, size) && !step) return x;
    const splat = splatValue(x);
    if (splat !== undefined) return this.graph.splat(splat, { shape: size, dtype: x.dtype });
    const axes = [...x.shape.keys()].filter((axis) => x.shape[axis] !== size[axis] || (step?.[axis] ?? 1) !== 1);
    if (axes.length === 0) return x;
    const perAxis = (pick: (axis: number) => number): Value => this.graph.integers(axes.map(pick));
    const stride = (axis: number): number => step?.[axis] ?? 1;
    return this.graph.node(
      'Slice',
      [
        x,
        perAxis((axis) => begin[axis]!),
        // With a negative step, an end before the first element must be far below zero: -1 would mean the last element.
        perAxis((axis) => {
          const end = begin[axis]! + size[axis]! * stride(axis);
          return end < 0 ? -(2 ** 31) : end;
        }),
        perAxis((axis) => axis),
        perAxis(stride),
      ],
      { shape: size, dtype: x.dtype },
    );
  }

  /** Takes the elements at the indices along an axis. */
  gather(x: Value, indices: Value, axis: number): Value {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return this.graph.node('Gather', [x, indices], { shape, dtype: x.dtype }, { axis });
  }

  /** The constant vector 0, 1, …, length - 1. */
  iota(length: number, dtype: 'int32' | 'int64' | 'float32'): Value {
    const numbers = Int32Array.from({ length }, (_, i) => i);
    const array =
      dtype === 'int32'
        ? numbers
        : dtype === 'float32'
          ? Float32Array.from(numbers)
          : BigInt64Array.from(numbers, BigInt);
    return this.constant(array, { shape: [length], dtype });
  }

  #simplify(op: string, a: Value, b: Value, dtype: ElementType): Value {
    const shape = broadcast(a.shape, b.shape);
    const [x, y] = [splatValue(a), splatValue(b)];
    const foldConstants = CONSTANT_FOLDS[op];
    if (x !== undefined && y !== undefined && foldConstants && dtype === 'float32')
      return this.graph.splat(foldConstants(x, y), { shape, dtype });
    if (x !== undefined && y === undefined && (op === 'Add' || op === 'Mul')) return this.#simplify(op, b, a, dtype);
    const scalar = (value: number): Value => this.graph.splat(value, { shape: [], dtype });
    if (y !== undefined) {
      if ((op === 'Mul' || op === 'Div' || op === 'Pow') && y === 1) return this.expand(a, shape);
      if ((op === 'Add' || op === 'Sub') && y === 0) return this.expand(a, shape);
      if (dtype === 'float32') {
        if (op === 'Div' && isPowerOfTwo(y)) return this.binary('Mul', a, scalar(1 / y));
        if (op === 'Pow' && y === 2) return this.mul(a, a);
        if (op === 'Pow' && y === 0.5) return this.unary('Sqrt', a);
        if (op === 'Pow' && y === 1.5) return this.mul(a, this.unary('Sqrt', a));
        if (op === 'Mul' && a.node?.op === 'Neg') return this.binary('Mul', a.node.inputs[0]!, scalar(-y));
        const factor = op === 'Mul' && a.node?.op === 'Mul' ? splatValue(a.node.inputs[1]!) : undefined;
        if (factor !== undefined) return this.binary('Mul', a.node!.inputs[0]!, scalar(factor * y));
      }
    }
    if (b.node?.op === 'Neg' && (op === 'Add' || op === 'Sub'))
      return this.binary(op === 'Add' ? 'Sub' : 'Add', a, b.node.inputs[0]!);
    if (a.node?.op === 'Neg' && op === 'Add') return this.binary('Sub', b, a.node.inputs[0]!);
    return this.graph.node(op, [a, b], { shape, dtype });
  }

  /**
   * Sum over the leading axes, whose sizes multiply to `rows`, computed as a row of ones times a matrix: ReduceSum is
   * slow along columns.
   */
  #sumOfRows(x: Value, rows: number): Value {
    const columns = elementCount(x.shape) / rows;
    const ones = this.graph.splat(1, { shape: [1, rows], dtype: 'float32' });
    const matrix = this.reshape(x, [rows, columns]);
    const blocks = this.divided ? vectorTimesBlocks(this, ones, matrix) : undefined;
    return this.reshape(blocks ?? vectorTimesMatrix(this, ones, matrix), [columns]);
  }

  #gemm(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
    const shape = [a.shape[transposeA ? 1 : 0]!, b.shape[transposeB ? 0 : 1]!];
    if (a.dtype !== 'float32')
      return this.graph.node('MatMul', [this.#flipped(a, transposeA), this.#flipped(b, transposeB)], {
        shape,
        dtype: a.dtype,
      });
    const blocks = this.divided && !transposeB ? this.#productWithVector(a, b, transposeA) : undefined;
    if (blocks) return blocks;
    const overRows = this.divided && transposeA && !transposeB ? productOverRows(this, a, b) : undefined;
    if (overRows) return overRows;
    const { values, attributes } = scaledProduct(a, b, transposeA, transposeB);
    return this.graph.node('Gemm', values, { shape, dtype: 'float32' }, attributes);
  }

  /** The product with a vector, computed in blocks of rows; undefined if neither operand is a vector. */
  #productWithVector(a: Value, b: Value, transposeA: boolean): Value | undefined {
    if (b.shape[1] === 1 && !transposeA) return blocksTimesVector(this, a, b);
    if (a.shape[transposeA ? 1 : 0] !== 1) return undefined;
    return vectorTimesBlocks(this, transposeA ? this.reshape(a, [1, a.shape[0]!]) : a, b);
  }

  #reduceNode(op: string, x: Value, axes: readonly number[]): Value {
    const shape = x.shape.filter((_, axis) => !axes.includes(axis));
    return this.graph.node(op, [x, this.graph.integers(axes)], { shape, dtype: x.dtype }, { keepdims: 0 });
  }

  /** Combines operands elementwise, if possible in the shape that a reshaped operand had before its reshape. */
  #combineInView(operands: readonly Value[], combine: (operands: readonly Value[]) => Value): Value {
    const shape = broadcastAll(operands);
    const view = commonView(operands, shape);
    if (!view) return combine(operands);
    const viewed = operands.map((operand, i) => this.reshape(operand, view.operands[i]!));
    return this.reshape(this.#combineInView(viewed, combine), shape);
  }

  /** Replaces a transpose of the last two axes by its input and the opposite flag. */
  #untransposed(x: Value, flip: boolean): [Value, boolean] {
    if (x.node?.op !== 'Transpose') return [x, flip];
    const perm = x.node.attributes.perm as readonly number[];
    const last = perm.length - 1;
    const swapped = perm.every((axis, i) => axis === (i === last ? last - 1 : i === last - 1 ? last : i));
    return swapped ? [x.node.inputs[0]!, !flip] : [x, flip];
  }

  #flipped(x: Value, flip: boolean): Value {
    const axes = [...x.shape.keys()];
    return flip ? this.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]) : x;
  }

  /** The smallest value that broadcasts to `x`. */
  #unexpanded(x: Value): Value {
    const splat = splatValue(x);
    if (splat !== undefined && x.shape.length > 0) return this.scalar(splat, x.dtype);
    return x.node?.op === 'Expand' ? x.node.inputs[0]! : x;
  }
}

const CAST_TO: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };
