import { type Graph, splatValue, type Value } from './graph.js';
import type { Attribute } from './protobuf.js';

/** The part of the builder that products need. */
interface ProductBuilder {
  readonly graph: Graph;
  reshape(x: Value, shape: readonly number[]): Value;
}

/** Smallest number of rows for which a product with a vector is computed in blocks of rows. */
const MIN_BLOCKED_ROWS = 256;
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
