import { readFileSync } from 'node:fs';
import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { argMax } from '../metrics/scores.js';
import { adamWProbe, fitAdamW, linearLogits } from './adamw-probe.js';
import { concatenate } from './features.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/adamw.json', import.meta.url), 'utf8')) as {
  classes: number;
  features: number;
  recipe: { epochs: number; batchSize: number; learningRate: number };
  x: number[];
  y: number[];
  start: { weights: number[]; intercepts: number[] };
  orders: number[][];
  cases: { weightDecay: number; weights: number[]; intercepts: number[] }[];
};

describe('fitAdamW', () => {
  it.each(fixture.cases)('ends with the same weights as PyTorch’s AdamW, at weight decay $weightDecay', (expected) => {
    const { classes, features, recipe, x, y, start, orders } = fixture;
    const matrix = { rows: y.length, cols: features, data: Float32Array.from(x) };
    const model = fitAdamW(matrix, Int32Array.from(y), classes, {
      weightDecay: expected.weightDecay,
      seed: 0,
      recipe,
      start: { weights: Float64Array.from(start.weights), intercepts: Float64Array.from(start.intercepts) },
      order: (epoch) => Int32Array.from(orders[epoch]!),
    });
    for (const [i, value] of expected.weights.entries()) expect(model.weights[i]).toBeCloseTo(value, 9);
    for (const [i, value] of expected.intercepts.entries()) expect(model.intercepts[i]).toBeCloseTo(value, 9);
  });
});

describe('adamWProbe', () => {
  const stream = random(2, 'blobs');
  const blobs = (n: number) => {
    const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
    const data = new Float32Array(n * 4);
    labels.forEach((label, i) => {
      for (let j = 0; j < 4; j++) data[4 * i + j] = (j === label ? 1 : 0) + 0.15 * stream.normal();
    });
    return { features: { rows: n, cols: 4, data }, labels };
  };
  const [train, val, test] = [blobs(240), blobs(60), blobs(90)];

  it('separates separable classes, with the same result for the same seed', () => {
    const probe = adamWProbe(train, val, test.features, 3, 0);
    expect([...argMax(probe.logits, 3)]).toEqual([...test.labels]);
    expect(adamWProbe(train, val, test.features, 3, 0)).toEqual(probe);
    expect(probe.notes[0]).toMatch(/300 training and validation examples/);
  });

  it('uses no weight decay without a validation split', () => {
    const probe = adamWProbe(train, undefined, test.features, 3, 0);
    expect(probe.weightDecay).toBe(0);
    expect(probe.notes[0]).toMatch(/240 training examples/);
  });

  it('trains as many epochs and with the batch size and weight decay that it is given, without a search', () => {
    const recipe = { epochs: 3, batchSize: 64, weightDecay: 0.25 };
    for (const [validation, rows] of [
      [undefined, train],
      [val, concatenate(train, val)],
    ] as const) {
      const probe = adamWProbe(train, validation, test.features, 3, 0, recipe);
      // `fitAdamW` is compared with PyTorch above.
      const layer = fitAdamW(rows.features, rows.labels, 3, { seed: 0, weightDecay: 0.25, recipe });
      expect(probe.logits).toEqual(linearLogits(layer, test.features));
      expect(probe.weightDecay).toBe(0.25);
      expect(probe.notes[0]).toContain(`3 epochs, batch size 64, weight decay 0.25, ${rows.labels.length} training`);
    }
  });
});
