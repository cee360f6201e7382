import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { fitLogisticRegression } from '../solvers/logistic-regression.js';
import { LogisticLoss } from './logistic-loss.js';

describe('LogisticLoss', () => {
  const [n, d, outputs] = [3500, 512, 6];
  const stream = random(5, 'threads');
  const x = { rows: n, cols: d, data: Float32Array.from({ length: n * d }, () => stream.normal()) };
  const labels = Int32Array.from({ length: n }, () => stream.integer(outputs));

  it('gives the same bits on one, two and three threads', async () => {
    const parameters = Float64Array.from({ length: outputs * (d + 1) }, () => 0.1 * stream.normal());
    const alone = new LogisticLoss(x, labels, outputs, 1);
    const expected = new Float64Array(parameters.length);
    const value = alone.evaluate(parameters, expected);
    expect(alone.shared).toBe(false);
    for (const threads of [2, 3]) {
      const loss = new LogisticLoss(x, labels, outputs, threads);
      const gradient = new Float64Array(parameters.length);
      const end = performance.now() + 30_000;
      for (let evaluation = 0; evaluation < 3; evaluation += loss.shared ? 1 : 0) {
        expect(loss.evaluate(parameters, gradient)).toBe(value);
        expect(gradient).toEqual(expected);
        if (performance.now() > end) throw new Error('the threads did not start within 30 s');
      }
      loss.close();
    }
  }, 90_000);

  it('serves one fit after another', () => {
    const fit = (threads: number) =>
      [0.001, 0.01].map((C) => fitLogisticRegression(x, labels, outputs, { C, threads, maxIterations: 8 }));
    expect(fit(2)).toEqual(fit(1));
  });
});
