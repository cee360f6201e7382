import { instantiate, type KernelMemory, roundUp } from './instantiate.js';
import { TRIANGULAR_KERNEL } from './triangular.js';

/** The functions of assembly/triangular.ts, which documents them. */
interface Kernel extends KernelMemory {
  cholesky(matrix: number, n: number, stride: number): number;
  solveLower(lower: number, n: number, stride: number, v: number, columns: number): void;
  solveUpper(lower: number, n: number, stride: number, v: number, columns: number): void;
}

/** A symmetric matrix `[size, stride]` in row-major order, of which only the lower triangle is valid. */
export interface LowerTriangle {
  readonly size: number;
  /** Entries per row: a multiple of four. */
  readonly stride: number;
  readonly data: Float64Array;
}

/** The Cholesky factor L of a matrix A = L Lᵀ, with which vectors are solved, several at a time. */
export class CholeskyFactor {
  /** The vectors, as columns of a matrix `[size, columns]`. */
  readonly vectors: Float64Array;
  readonly columns: number;

  private constructor(
    private readonly kernel: Kernel,
    private readonly size: number,
    private readonly stride: number,
    count: number,
  ) {
    this.columns = roundUp(2, count);
    this.vectors = new Float64Array(kernel.memory.buffer, 8 * size * stride, size * this.columns);
  }

  /**
   * Factorises `factor · A + D`, where D has the given diagonal.
   * @param count number of vectors to solve at a time.
   * @returns undefined if the sum is not positive definite.
   */
  static create(
    { size, stride, data }: LowerTriangle,
    factor: number,
    diagonal: (row: number) => number,
    count: number,
  ): CholeskyFactor | undefined {
    const matrixBytes = 8 * size * stride;
    const kernel = instantiate<Kernel>(TRIANGULAR_KERNEL, matrixBytes + 8 * size * roundUp(2, count));
    const matrix = new Float64Array(kernel.memory.buffer, 0, size * stride);
    for (let i = 0; i < size; i++) {
      const row = i * stride;
      for (let j = 0; j <= i; j++) matrix[row + j] = factor * data[row + j]!;
      matrix[row + i]! += diagonal(i);
    }
    return kernel.cholesky(0, size, stride) === 0 ? undefined : new CholeskyFactor(kernel, size, stride, count);
  }

  /** Solves `L x = v` in place of the vectors. */
  solveLower(): void {
    this.kernel.solveLower(0, this.size, this.stride, 8 * this.size * this.stride, this.columns);
  }

  /** Solves `Lᵀ x = v` in place of the vectors. */
  solveUpper(): void {
    this.kernel.solveUpper(0, this.size, this.stride, 8 * this.size * this.stride, this.columns);
  }
}
