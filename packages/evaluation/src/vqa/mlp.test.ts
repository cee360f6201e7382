import { readFileSync } from 'node:fs';
import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { fitMlp } from './mlp.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/mlp.json', import.meta.url), 'utf8')) as {
  sizes: [inputs: number, hidden: number, classes: number];
  x: number[];
  y: number[];
  start: number[];
  orders: number[][];
  end: number[];
  predicted: number[];
};

describe('fitMlp', () => {
  const settings = { learningRate: 1e-3, weightDecay: 0.01, maxSteps: 1000, seed: 0 };

  it('ends with the same parameters and predictions as PyTorch', () => {
    const [inputs, hidden, classes] = fixture.sizes;
    const x = { rows: fixture.y.length, cols: inputs, data: Float32Array.from(fixture.x) };
    const model = fitMlp(x, Int32Array.from(fixture.y), classes, {
      ...settings,
      hidden,
      dropout: 0,
      epochs: fixture.orders.length,
      start: Float64Array.from(fixture.start),
      order: (epoch) => Int32Array.from(fixture.orders[epoch]!),
    });
    // Hidden units are 32-bit here, which changes the seventh digit of a gradient.
    for (const [i, value] of fixture.end.entries()) expect(Math.abs(model.parameters[i]! - value)).toBeLessThan(1e-6);
    expect([...model.predict(x)]).toEqual(fixture.predicted);
  });

  it('learns classes that no line separates, with dropout, and gives the same result for the same seed', () => {
    const stream = random(0, 'xor');
    const data = Float32Array.from({ length: 800 }, () => 2 * stream.uniform() - 1);
    const labels = Int32Array.from({ length: 400 }, (_, i) => (data[2 * i]! * data[2 * i + 1]! > 0 ? 1 : 0));
    const x = { rows: 400, cols: 2, data };
    const fit = (seed: number) =>
      fitMlp(x, labels, 2, { ...settings, learningRate: 1e-2, hidden: 32, dropout: 0.3, epochs: 60, seed });
    const right = fit(0)
      .predict(x)
      .filter((label, i) => label === labels[i]).length;
    expect(right).toBeGreaterThan(370);
    expect(fit(0).parameters).toEqual(fit(0).parameters);
    expect(fit(1).parameters).not.toEqual(fit(0).parameters);
  });
});
