import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compiledKernel } from '../../../../scripts/build-kernels.mjs';
import { CholeskyFactor } from './cholesky-factor.js';
import { LayerProducts } from './layer-products.js';
import { logisticHessian } from './logistic-hessian.js';
import { augmentedSecondMoment } from './second-moment.js';
import { TRIANGULAR_KERNEL } from './triangular.js';

describe('logisticHessian', () => {
  it.each([
    [1, 70, 3],
    [2, 5, 4],
    [3, 131, 6],
  ])('equals differences of the gradient: %i outputs, %i rows, %i features', (outputs, n, d) => {
    const stream = random(1, outputs, n);
    const x = { rows: n, cols: d, data: Float32Array.from({ length: n * d }, () => stream.normal()) };
    const labels = Int32Array.from({ length: n }, () => stream.integer(Math.max(2, outputs)));
    const parameters = Float64Array.from({ length: outputs * (d + 1) }, () => stream.normal());
    const { data, stride, perRow } = logisticHessian(x, labels, parameters, outputs);
    const products = new LayerProducts(d, outputs);
    const gradientAt = (parameter: number, step: number): Float64Array => {
      const moved = parameters.slice();
      moved[parameter]! += step;
      const gradient = new Float64Array(parameters.length);
      products.logisticLoss(x.data, labels, moved, gradient);
      return gradient;
    };
    const position = (k: number, j: number) => k * perRow + j;
    const parameter = (k: number, j: number) => (j === d ? outputs * d + k : k * d + j);
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j <= d; j++) {
        const [above, below] = [gradientAt(parameter(k, j), 1e-5), gradientAt(parameter(k, j), -1e-5)];
        for (let l = 0; l < outputs; l++) {
          for (let i = 0; i <= d; i++) {
            const [row, col] = [position(l, i), position(k, j)];
            if (col > row) continue;
            const change = (above[parameter(l, i)]! - below[parameter(l, i)]!) / 2e-5 / n;
            expect(data[row * stride + col]).toBeCloseTo(change, 7);
          }
        }
      }
    }
  });
});

describe('augmentedSecondMoment', () => {
  it('equals the mean of products, also of a subsample', () => {
    const stream = random(2, 'moment');
    const x = { rows: 150, cols: 5, data: Float32Array.from({ length: 750 }, () => stream.normal()) };
    for (const limit of [150, 70]) {
      const { data, stride, size } = augmentedSecondMoment(x, limit);
      const rows = Array.from({ length: limit }, (_, s) => Math.floor((s * 150) / limit));
      const entry = (row: number, j: number) => (j === 5 ? 1 : x.data[row * 5 + j]!);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          const mean = rows.reduce((sum, row) => sum + entry(row, i) * entry(row, j), 0) / limit;
          expect(data[i * stride + j]).toBeCloseTo(mean, 12);
        }
      }
    }
  });
});

describe('CholeskyFactor', () => {
  it.each([
    [1, 1],
    [4, 3],
    [7, 2],
    [37, 10],
  ])('solves systems of size %i for %i vectors', (size, count) => {
    const stream = random(3, size);
    const stride = 4 * Math.ceil(size / 4);
    const root = Array.from({ length: size }, () => Array.from({ length: size }, () => stream.normal()));
    const product = (i: number, j: number) => root.reduce((sum, row) => sum + row[i]! * row[j]!, 0);
    const data = new Float64Array(size * stride);
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) data[i * stride + j] = product(i, j);
    const factor = CholeskyFactor.create({ size, stride, data }, 0.5, () => 1, count)!;
    const wanted = Array.from({ length: size }, () => Array.from({ length: count }, () => stream.normal()));
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < count; c++) {
        let sum = wanted[i]![c]!;
        for (let j = 0; j < size; j++) sum += 0.5 * product(i, j) * wanted[j]![c]!;
        factor.vectors[i * factor.columns + c] = sum;
      }
    }
    factor.solveLower();
    factor.solveUpper();
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < count; c++) expect(factor.vectors[i * factor.columns + c]).toBeCloseTo(wanted[i]![c]!, 9);
    }
  });

  it('refuses a matrix that is not positive definite', () => {
    const data = Float64Array.of(1, 0, 0, 0, 2, 1, 0, 0);
    expect(CholeskyFactor.create({ size: 2, stride: 4, data }, 1, () => 0, 1)).toBeUndefined();
  });

  it('uses the bytes that the kernel source compiles to', async () => {
    expect(await compiledKernel('evaluation', 'triangular')).toContain(`'${TRIANGULAR_KERNEL}'`);
  }, 60_000);
});
