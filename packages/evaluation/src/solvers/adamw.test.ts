import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compiledKernel } from '../../../../scripts/build-kernels.mjs';
import { ADAMW_KERNEL } from '../kernels/adamw.js';
import { HostAdamW } from './adamw.js';

describe('HostAdamW', () => {
  it('computes the steps of the definition, bit for bit', () => {
    const stream = random(0, 'adamw');
    const start = Float64Array.from({ length: 5 }, () => stream.normal());
    const optimizer = new HostAdamW(start, 0.1);
    const expected = start.slice();
    const [mean, square] = [new Float64Array(5), new Float64Array(5)];
    for (let step = 1; step <= 4; step++) {
      const rate = 0.1 / step;
      for (let i = 0; i < 5; i++) {
        const slope = stream.normal();
        optimizer.gradient[i] = slope;
        mean[i] = 0.9 * mean[i]! + (1 - 0.9) * slope;
        square[i] = 0.999 * square[i]! + (1 - 0.999) * slope * slope;
        const size = Math.sqrt(square[i]! / (1 - 0.999 ** step)) + 1e-8;
        expected[i] = expected[i]! * (1 - rate * 0.1) - rate * (mean[i]! / (1 - 0.9 ** step) / size);
      }
      optimizer.step(rate);
    }
    expect([...optimizer.parameters]).toEqual([...expected]);
  });

  it('uses the bytes that the kernel source compiles to', async () => {
    expect(await compiledKernel('evaluation', 'adamw')).toContain(`'${ADAMW_KERNEL}'`);
  }, 60_000);
});
