import { type Graph, splatValue, type Value } from './graph.js';
import type { Attribute } from './protobuf.js';

/** The part of the builder that products need. */
interface ProductBuilder {
  readonly graph: Graph;
  reshape(x: Value, shape: readonly number[]): Value;
  transpose(x: Value, perm: readonly number[]): Value;
}

/** Smallest number of rows for which a product with a vector is computed in blocks of rows. */
const MIN_BLOCKED_ROWS = 256;
/** Smallest numbers of rows and columns of two matrices of which one is transposed before the product over their rows. */
const MIN_TRANSPOSED = { rows: 256, columns: 16 };
/** Numbers of blocks, the preferred first. The first that divides the number of rows is used. */
const BLOCK_COUNTS = [8, 4, 2];

/** Separates a constant factor from a value. A matrix product applies such a factor at no cost. */
function unscaled(x: Value): { readonly value: Value; readonly factor: number } {
  const factor = x.node?.op === 'Mul' ? splatValue(x.node.inputs[1]!) : undefined;
  return factor === undefined ? { value: x, factor: 1 } : { value: x.node!.inputs[0]!, factor };
}

/** Inputs and attributes of a matrix product that also applies the constant factors of its operands. */
export function scaledProduct(a: Value, b: Value, transposeA: boolean, transposeB: boolean) {
  const [left, right] = [unscaled(a), unscaled(b)];
  const alpha = left.factor * right.factor;
  const attributes: Record<string, Attribute> = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  if (alpha !== 1) attributes.alpha = { float: alpha };
  return { values: [left.value, right.value], attributes };
}

/** `[1, rows]` times `[rows, columns]`. */
export function vectorTimesMatrix(builder: ProductBuilder, vector: Value, matrix: Value): Value {
  const [rows, columns] = matrix.shape as [number, number];
  const like = { shape: [columns], dtype: 'float32' } as const;
  return builder.reshape(builder.graph.node('MatMul', [builder.reshape(vector, [rows]), matrix], like), [1, columns]);
}

/**
 * A matrix `[rows, columns]` as `[blocks, rows / blocks, columns]`; undefined if there are few rows or no number of
 * blocks divides them.
 */
function splitRows(builder: ProductBuilder, matrix: Value): Value | undefined {
  const [rows, columns] = matrix.shape as [number, number];
  const blocks = BLOCK_COUNTS.find((count) => rows % count === 0);
  if (rows < MIN_BLOCKED_ROWS || blocks === undefined) return undefined;
  return builder.reshape(matrix, [blocks, rows / blocks, columns]);
}

/**
 * `vectorTimesMatrix` in blocks of rows, so that each thread works on rows that it has computed itself. ONNX Runtime
 * computes an undivided product on one thread or by columns, so a core reads rows that another core has computed. If
 * the two cores are far apart, that transfer and the next write to the same memory cost several times the product
 * itself.
 * @returns undefined if there are few rows or no number of blocks divides them.
 */
export function vectorTimesBlocks(builder: ProductBuilder, vector: Value, matrix: Value): Value | undefined {
  const blockedMatrix = splitRows(builder, matrix);
  if (!blockedMatrix) return undefined;
  const [blocks, height, columns] = blockedMatrix.shape as [number, number, number];
  const vectors = builder.reshape(vector, [blocks, 1, height]);
  const sums = builder.graph.node('MatMul', [vectors, blockedMatrix], {
    shape: [blocks, 1, columns],
    dtype: 'float32',
  });
  const ones = builder.graph.splat(1, { shape: [1, blocks], dtype: 'float32' });
  return vectorTimesMatrix(builder, ones, builder.reshape(sums, [blocks, columns]));
}

/**
 * `[rows, columns]` times `[columns, 1]` in blocks of rows.
 * @returns undefined in the same cases as `vectorTimesBlocks`.
 */
export function blocksTimesVector(builder: ProductBuilder, matrix: Value, vector: Value): Value | undefined {
  const blockedMatrix = splitRows(builder, matrix);
  if (!blockedMatrix) return undefined;
  const [blocks, height, columns] = blockedMatrix.shape as [number, number, number];
  // Each block gets its own copy of the vector: with a shared vector, ONNX Runtime would join the blocks to one matrix.
  const shape = [blocks, columns, 1];
  const singleVector = builder.reshape(vector, [1, columns, 1]);
  const vectors = builder.graph.node('Expand', [singleVector, builder.graph.integers(shape)], {
    shape,
    dtype: 'float32',
  });
  const product = builder.graph.node('MatMul', [blockedMatrix, vectors], {
    shape: [blocks, height, 1],
    dtype: 'float32',
  });
  return builder.reshape(product, [blocks * height, 1]);
}

/**
 * `[rows, width]`, transposed, times `[rows, columns]`: the gradient of a weight. An operator of its own transposes the
 * matrix with less to move. With `transA`, ONNX Runtime transposes the left one within the product. At ViT-B/16, that took
 * 1.3 to 1.4 times as long as both operators do.
 * @returns undefined if there are few rows or columns.
 */
export function productOverRows(builder: ProductBuilder, a: Value, b: Value): Value | undefined {
  const [rows, width] = a.shape as [number, number];
  const columns = b.shape[1]!;
  if (rows < MIN_TRANSPOSED.rows || Math.min(width, columns) < MIN_TRANSPOSED.columns) return undefined;
  const { values, attributes } = scaledProduct(a, b, false, false);
  const [left, right] = values as [Value, Value];
  // If the right matrix is transposed, so must the result be.
  const swapped = columns * (rows + width) < width * rows;
  const [moved, other] = swapped ? [right, left] : [left, right];
  const [height, length] = [moved.shape[1]!, other.shape[1]!];
  // With an axis of length one in between, ONNX Runtime does not make a flag of the product of this again.
  const factor = builder.transpose(builder.reshape(moved, [rows, 1, height]), [1, 2, 0]);
  const like = { shape: [1, height, length], dtype: 'float32' } as const;
  const { alpha } = attributes;
  const scale = alpha === undefined ? {} : { alpha };
  const product = builder.graph.node('FusedMatMul', [factor, other], like, scale, 'com.microsoft');
  const matrix = builder.reshape(product, [height, length]);
  return swapped ? builder.transpose(matrix, [1, 0]) : matrix;
}
