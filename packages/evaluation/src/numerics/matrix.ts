import type { Matrix } from '@medbench/core';
import { MedbenchError } from '@medbench/core';

/** Copies the rows with the given indices, in their order. */
export function takeRows(matrix: Matrix, indices: Int32Array): Matrix {
  const { cols } = matrix;
  const data = new Float32Array(indices.length * cols);
  indices.forEach((row, i) => {
    data.set(matrix.data.subarray(row * cols, (row + 1) * cols), i * cols);
  });
  return { rows: indices.length, cols, data };
}

/** Stacks two matrices of equal width on top of each other. */
export function stackRows(top: Matrix, bottom: Matrix): Matrix {
  const data = new Float32Array(top.data.length + bottom.data.length);
  data.set(top.data);
  data.set(bottom.data, top.data.length);
  return { rows: top.rows + bottom.rows, cols: top.cols, data };
}

/** Concatenates two label arrays. */
export function stackLabels(first: Int32Array, second: Int32Array): Int32Array {
  const labels = new Int32Array(first.length + second.length);
  labels.set(first);
  labels.set(second, first.length);
  return labels;
}

/**
 * Checks the vectors that a model returned.
 * @param what name of the vectors in the error message.
 * @returns the matrix unchanged.
 * @throws MedbenchError if a vector holds NaN or an infinity, or the number of vectors is not `rows`.
 */
export function checkVectors(matrix: Matrix, rows: number, what: string, model: string): Matrix {
  if (matrix.rows !== rows || matrix.data.length !== rows * matrix.cols) {
    throw new MedbenchError('evaluation', `${model} gave ${matrix.rows} ${what} where ${rows} were asked for`);
  }
  const bad = matrix.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new MedbenchError(
      'evaluation',
      `${model} gave ${what} that are not finite (row ${Math.floor(bad / matrix.cols)})`,
      {
        hint: 'training has probably diverged: lower the learning rate and train this method again',
      },
    );
  }
  return matrix;
}
