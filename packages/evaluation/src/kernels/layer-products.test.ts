import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compiledKernel } from '../../../../scripts/build-kernels.mjs';
import { LayerProducts } from './layer-products.js';
import { PRODUCTS_KERNEL } from './products.js';

const dot = (a: Float32Array, b: Float64Array): number => a.reduce((sum, value, j) => sum + value * b[j]!, 0);

describe('LayerProducts', () => {
  // Sizes around the tile sizes: 2 rows, 4 outputs, 4 features; blocks of 64 rows.
  it.each([
    [1, 1, 1],
    [3, 5, 2],
    [63, 4, 4],
    [64, 6, 8],
    [65, 7, 9],
    [200, 11, 37],
    [201, 3, 37],
    [129, 5, 8],
  ])('equals products computed by definition: %i rows, %i outputs, %i features', (n, outputs, d) => {
    const stream = random(0, 'products', n);
    const x = Float32Array.from({ length: n * d }, () => stream.normal());
    const w = Float64Array.from({ length: outputs * d }, () => stream.normal());
    const seen = new Float64Array(n * outputs);
    const gradient = new Float64Array(outputs * d).fill(7);
    const products = new LayerProducts(d, outputs);
    if (n % 2 === 1) products.cacheFeatures(x);
    products.sweep(x, w, gradient, (z, from, rows) => {
      expect(z.length).toBe(rows * outputs);
      seen.set(z, from * outputs);
      for (let i = 0; i < z.length; i++) z[i] = Math.tanh(z[i]!);
    });
    const expected = new Float64Array(outputs * d);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < outputs; k++) {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += x[i * d + j]! * w[k * d + j]!;
        expect(seen[i * outputs + k]).toBeCloseTo(sum, 12);
        for (let j = 0; j < d; j++) expected[k * d + j]! += Math.tanh(sum) * x[i * d + j]!;
      }
    }
    expected.forEach((value, i) => {
      expect(gradient[i]).toBeCloseTo(value, 11);
    });
  });

  it.each([
    [1, 130],
    [2, 65],
    [3, 64],
    [5, 7],
  ])('gives the loss and the gradient of logistic regression: %i outputs, %i rows', (outputs, n) => {
    const d = 6;
    const stream = random(3, outputs, n);
    const classes = Math.max(2, outputs);
    const x = Float32Array.from({ length: n * d }, () => 2 * stream.normal());
    const labels = Int32Array.from({ length: n }, () => stream.integer(classes));
    const parameters = Float64Array.from({ length: outputs * (d + 1) }, () => 20 * stream.normal());
    const loss = (values: Float64Array): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const logit = (k: number) =>
          values[outputs * d + k]! + dot(x.subarray(i * d, i * d + d), values.subarray(k * d, k * d + d));
        const z = outputs === 1 ? [0, logit(0)] : Array.from({ length: outputs }, (_, k) => logit(k));
        const max = Math.max(...z);
        sum += max + Math.log(z.reduce((total, value) => total + Math.exp(value - max), 0)) - z[labels[i]!]!;
      }
      return sum;
    };
    const gradient = new Float64Array(parameters.length).fill(7);
    const value = new LayerProducts(d, outputs).logisticLoss(x, labels, parameters, gradient);
    expect(Math.abs(value - loss(parameters))).toBeLessThan(1e-12 * value);
    for (let i = 0; i < parameters.length; i++) {
      const slope = (step: number) => {
        const [above, below] = [parameters.slice(), parameters.slice()];
        above[i]! += step;
        below[i]! -= step;
        return (loss(above) - loss(below)) / (2 * step);
      };
      expect(Math.abs(gradient[i]! - slope(1e-5))).toBeLessThan(1e-4 * n);
    }
  });

  it('uses the bytes that the kernel source compiles to', async () => {
    expect(await compiledKernel('evaluation', 'products')).toContain(`'${PRODUCTS_KERNEL}'`);
  }, 60_000);
});
