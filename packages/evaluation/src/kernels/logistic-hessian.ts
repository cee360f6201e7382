import type { Matrix } from '@medbench/core';
import type { LowerTriangle } from './cholesky-factor.js';
import { instantiate, type KernelMemory, roundUp } from './instantiate.js';
import { PRODUCTS_KERNEL } from './products.js';

/** The functions of assembly/products.ts and assembly/logistic.ts, which document them. */
interface Kernel extends KernelMemory {
  forward(x: number, rows: number, w: number, outputs: number, d: number, z: number): void;
  multinomial(z: number, rows: number, outputs: number, ...at: number[]): void;
  binomial(z: number, rows: number, ...at: number[]): void;
  addHessian(x: number, rows: number, d: number, z: number, outputs: number, ...at: number[]): void;
}

const BLOCK = 64;

/**
 * Hessian of the mean loss of logistic regression (see `LayerProducts.logisticLoss`) by its parameters.
 *
 * @param x features `[N, d]`. @param labels class of each row.
 * @param parameters weights `[outputs, d]`, followed by intercepts `[outputs]`.
 * @returns a matrix over the parameters of each output in turn: its d weights, its intercept, and zeros up to a multiple
 * of four. `size` counts the zeros.
 */
export function logisticHessian(
  x: Matrix,
  labels: Int32Array,
  parameters: Float64Array,
  outputs: number,
): LowerTriangle & { readonly perRow: number } {
  const { rows: n, cols: d } = x;
  const stride = roundUp(4, d + 1);
  const size = outputs * stride;
  let end = 0;
  const area = (bytes: number): number => {
    const start = end;
    end += roundUp(16, bytes);
    return start;
  };
  const [xAt, wAt, zAt, labelsAt] = [
    area(4 * BLOCK * stride),
    area(8 * size),
    area(8 * BLOCK * outputs),
    area(4 * BLOCK),
  ];
  const [noIntercepts, sums, loss, weightsAt] = [area(8 * outputs), area(8 * outputs), area(16), area(8 * BLOCK)];
  const hessianAt = area(8 * size * size);
  const kernel = instantiate<Kernel>(PRODUCTS_KERNEL, end);
  const { buffer } = kernel.memory;
  const block = new Float32Array(buffer, xAt, BLOCK * stride);
  const blockLabels = new Int32Array(buffer, labelsAt, BLOCK);
  const w = new Float64Array(buffer, wAt, size);
  for (let k = 0; k < outputs; k++) {
    w.set(parameters.subarray(k * d, (k + 1) * d), k * stride);
    w[k * stride + d] = parameters[outputs * d + k]!;
  }
  for (let from = 0; from < n; from += BLOCK) {
    const rows = Math.min(BLOCK, n - from);
    for (let i = 0; i < rows; i++) {
      block.set(x.data.subarray((from + i) * d, (from + i + 1) * d), i * stride);
      block[i * stride + d] = 1;
      blockLabels[i] = labels[from + i]!;
    }
    kernel.forward(xAt, roundUp(2, rows), wAt, outputs, stride, zAt);
    if (outputs === 1) kernel.binomial(zAt, rows, noIntercepts, labelsAt, sums, loss);
    else kernel.multinomial(zAt, rows, outputs, noIntercepts, labelsAt, sums, loss);
    kernel.addHessian(xAt, rows, stride, zAt, outputs, labelsAt, weightsAt, hessianAt);
  }
  const data = new Float64Array(buffer, hessianAt, size * size);
  for (let i = 0; i < data.length; i++) data[i]! /= n;
  // The kernel leaves out the upper triangle of the blocks below the diagonal.
  for (let k = 0; k < outputs; k++) {
    for (let l = 0; l < k; l++) {
      for (let i = 0; i < stride; i++) {
        for (let j = 0; j < i; j++) {
          data[(k * stride + j) * size + l * stride + i] = data[(k * stride + i) * size + l * stride + j]!;
        }
      }
    }
  }
  return { size, stride: size, data, perRow: stride };
}
