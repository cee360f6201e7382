import type { Matrix } from '@medbench/core';
import type { LowerTriangle } from './cholesky-factor.js';
import { instantiate, type KernelMemory, roundUp } from './instantiate.js';
import { PRODUCTS_KERNEL } from './products.js';

/** The function of assembly/products.ts, which documents it. */
interface Kernel extends KernelMemory {
  addSecondMoment(x: number, rows: number, d: number, g: number): void;
}

const BLOCK = 64;

/**
 * Mean of x̃ᵢx̃ᵢᵀ over at most `limit` evenly spaced rows of x `[rows, d]`, where x̃ᵢ is row i with a 1 appended.
 * @returns a matrix of size d + 1.
 */
export function augmentedSecondMoment({ rows, cols: d, data }: Matrix, limit = rows): LowerTriangle {
  const stride = roundUp(4, d + 1);
  const used = Math.min(rows, limit);
  const momentAt = 4 * BLOCK * stride;
  const kernel = instantiate<Kernel>(PRODUCTS_KERNEL, momentAt + 8 * stride * stride);
  const { buffer } = kernel.memory;
  const block = new Float32Array(buffer, 0, BLOCK * stride);
  const moment = new Float64Array(buffer, momentAt, stride * stride);
  for (let from = 0; from < used; from += BLOCK) {
    const count = Math.min(BLOCK, used - from);
    for (let i = 0; i < count; i++) {
      const row = Math.floor(((from + i) * rows) / used);
      block.set(data.subarray(row * d, (row + 1) * d), i * stride);
      block[i * stride + d] = 1;
    }
    kernel.addSecondMoment(0, count, stride, momentAt);
  }
  return { size: d + 1, stride, data: moment.map((value) => value / used) };
}
