import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { argMax } from '../metrics/scores.js';
import type { LabelledFeatures } from './features.js';
import { linearProbe } from './linear-probe.js';

describe('linearProbe', () => {
  const stream = random(1, 'probe');
  const blobs = (n: number, spread: number) => {
    const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
    const data = new Float32Array(n * 2);
    labels.forEach((label, i) => {
      data[2 * i] = Math.cos(2 * label) + spread * stream.normal();
      data[2 * i + 1] = Math.sin(2 * label) + spread * stream.normal();
    });
    return { features: { rows: n, cols: 2, data }, labels };
  };
  const [train, val, test] = [blobs(150, 0.2), blobs(30, 0.2), blobs(60, 0.2)];

  it('separates separable classes, with and without a validation split', () => {
    for (const validation of [val, undefined]) {
      const probe = linearProbe(train, validation, test.features, 3);
      expect([...argMax(probe.logits, 3)]).toEqual([...test.labels]);
      expect(probe.notes.join('; ')).toContain(validation ? '180 training and validation' : '15 held-out');
    }
  });

  it('tries every value of C, up to one that makes no mistake', () => {
    const grid = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];
    const tried = (validation: LabelledFeatures) =>
      linearProbe(train, validation, test.features, 3).sweep.map(({ C }) => C);
    const mislabelled = { ...val, labels: val.labels.with(0, (val.labels[0]! + 1) % 3) };
    expect(tried(mislabelled)).toEqual(grid);
    expect(tried(val)).toEqual(grid.slice(0, tried(val).length));
    const [last] = linearProbe(train, val, test.features, 3).sweep.slice(-1);
    expect(last).toMatchObject({ accuracy: 1 });
    expect(linearProbe(train, val, test.features, 3).C).toBe(last!.C);
  });

  it('takes the strongest regularisation among equally accurate values', () => {
    const probe = linearProbe(train, val, test.features, 3);
    const best = Math.max(...probe.sweep.map((point) => point.accuracy));
    expect(probe.C).toBe(probe.sweep.find((point) => point.accuracy === best)!.C);
  });

  it('skips the sweep if no example can be held out', () => {
    const three = {
      features: { rows: 3, cols: 2, data: train.features.data.slice(0, 6) },
      labels: Int32Array.of(0, 1, 2),
    };
    expect(linearProbe(three, undefined, test.features, 3)).toMatchObject({ C: 1, sweep: [] });
  });
});
