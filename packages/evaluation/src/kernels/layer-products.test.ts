import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compiledKernel } from '../../../../scripts/build-kernels.mjs';
import { LayerProducts } from './layer-products.js';
import { PRODUCTS_KERNEL } from './products.js';

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

  it('uses the bytes that the kernel source compiles to', async () => {
    expect(await compiledKernel('evaluation', 'products')).toContain(`'${PRODUCTS_KERNEL}'`);
  }, 60_000);
});
