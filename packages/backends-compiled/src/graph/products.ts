import { type Graph, splatValue, type Value } from './graph.js';
import type { Attribute } from './protobuf.js';

/** What products are made with. */
interface Making {
  readonly graph: Graph;
  reshape(x: Value, shape: readonly number[]): Value;
}

/** Rows from which on a product with a vector is computed in blocks of them. */
const MANY_ROWS = 256;
/** Those blocks: the most, and what they are divided into where they do not fit. */
const ROW_BLOCKS = [8, 4, 2];

/** A value as another times a constant, which a matrix product multiplies in at no cost. */
function unscaled(x: Value): { readonly value: Value; readonly factor: number } {
  const factor = x.node?.op === 'Mul' ? splatValue(x.node.inputs[1]!) : undefined;
  return factor === undefined ? { value: x, factor: 1 } : { value: x.node!.inputs[0]!, factor };
}

/** Inputs and attributes of a matrix product that multiplies constant factors of its operands in. */
export function scaledProduct(a: Value, b: Value, transposeA: boolean, transposeB: boolean) {
  const [left, right] = [unscaled(a), unscaled(b)];
  const alpha = left.factor * right.factor;
  const attributes: Record<string, Attribute> = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  if (alpha !== 1) attributes.alpha = { float: alpha };
  return { values: [left.value, right.value], attributes };
}

/** `[1, rows]` times `[rows, columns]`. */
export function vectorTimesMatrix(make: Making, vector: Value, matrix: Value): Value {
  const [rows, columns] = matrix.shape as [number, number];
  const like = { shape: [columns], dtype: 'float32' } as const;
  return make.reshape(make.graph.node('MatMul', [make.reshape(vector, [rows]), matrix], like), [1, columns]);
}

/** A matrix `[rows, columns]` as `[blocks, rows / blocks, columns]`; undefined where rows are few or cannot be divided. */
function inBlocks(make: Making, matrix: Value): Value | undefined {
  const [rows, columns] = matrix.shape as [number, number];
  const blocks = ROW_BLOCKS.find((count) => rows % count === 0);
  if (rows < MANY_ROWS || blocks === undefined) return undefined;
  return make.reshape(matrix, [blocks, rows / blocks, columns]);
}

/**
 * `vectorTimesMatrix` in blocks of rows: each thread works on rows that it has made itself. ONNX Runtime computes the whole on one
 * thread or by columns, which brings what one core has made to another; where these are far apart, that and the next write
 * of the same memory cost several times the product itself.
 * @returns undefined where there are few rows, or no such blocks.
 */
export function vectorTimesBlocks(make: Making, vector: Value, matrix: Value): Value | undefined {
  const parts = inBlocks(make, matrix);
  if (!parts) return undefined;
  const [blocks, height, columns] = parts.shape as [number, number, number];
  const vectors = make.reshape(vector, [blocks, 1, height]);
  const sums = make.graph.node('MatMul', [vectors, parts], { shape: [blocks, 1, columns], dtype: 'float32' });
  const ones = make.graph.splat(1, { shape: [1, blocks], dtype: 'float32' });
  return vectorTimesMatrix(make, ones, make.reshape(sums, [blocks, columns]));
}

/** `[rows, columns]` times `[columns, 1]` in blocks of rows. @returns undefined as `vectorTimesBlocks`. */
export function blocksTimesVector(make: Making, matrix: Value, vector: Value): Value | undefined {
  const parts = inBlocks(make, matrix);
  if (!parts) return undefined;
  const [blocks, height, columns] = parts.shape as [number, number, number];
  // Only a vector of their own keeps ONNX Runtime from taking the blocks as one matrix.
  const shape = [blocks, columns, 1];
  const one = make.reshape(vector, [1, columns, 1]);
  const vectors = make.graph.node('Expand', [one, make.graph.integers(shape)], { shape, dtype: 'float32' });
  const product = make.graph.node('MatMul', [parts, vectors], { shape: [blocks, height, 1], dtype: 'float32' });
  return make.reshape(product, [blocks * height, 1]);
}
