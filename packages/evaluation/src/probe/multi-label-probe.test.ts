import { readFileSync } from 'node:fs';
import { defaultSettings, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { multiLabelAuc } from '../metrics/multi-label.js';
import { PROBE_SETTINGS, type ProbeSettings, withDefaults } from '../protocols/settings.js';
import { fitAdamWLabels } from './adamw-probe.js';
import { type MultiLabelFeatures, multiLabelProbe } from './multi-label-probe.js';

/** By NumPy and scikit-learn (scripts/oracles/multi_label.py). */
const { layer, logistic } = JSON.parse(
  readFileSync(new URL('../../fixtures/multi-label.json', import.meta.url), 'utf8'),
) as {
  layer: {
    features: number;
    labels: number;
    recipe: { epochs: number; batchSize: number; learningRate: number };
    weightDecay: number;
    x: number[];
    targets: number[];
    start: { weights: number[]; intercepts: number[] };
    orders: number[][];
    weights: number[];
    intercepts: number[];
  };
  logistic: {
    features: number;
    labels: number;
    C: number;
    x: number[];
    targets: number[];
    train: number;
    scores: number[];
  };
};

const settings = (given: Partial<ProbeSettings>) => ({
  settings: withDefaults<ProbeSettings>(PROBE_SETTINGS, given),
  seed: 0,
});

describe('the probe of several labels', () => {
  it('trains the layer that AdamW on the binary cross-entropy gives', () => {
    const { features, labels, recipe, weightDecay, x, targets, start, orders } = layer;
    const matrix = { rows: targets.length / labels, cols: features, data: Float32Array.from(x) };
    const model = fitAdamWLabels(matrix, Int32Array.from(targets), labels, {
      weightDecay,
      seed: 0,
      recipe,
      start: { weights: Float64Array.from(start.weights), intercepts: Float64Array.from(start.intercepts) },
      order: (epoch) => Int32Array.from(orders[epoch]!),
    });
    for (const [i, value] of layer.weights.entries()) expect(model.weights[i]).toBeCloseTo(value, 10);
    for (const [i, value] of layer.intercepts.entries()) expect(model.intercepts[i]).toBeCloseTo(value, 10);
  });

  it('fits the logistic regressions of scikit-learn, one for each label', () => {
    const { features: cols, labels, C, x, targets, train } = logistic;
    const rows = (from: number, to: number) => ({
      rows: to - from,
      cols,
      data: Float32Array.from(x.slice(from * cols, to * cols)),
    });
    const fitted = { features: rows(0, train), targets: Int32Array.from(targets.slice(0, train * labels)) };
    const test = rows(train, targets.length / labels);
    const { scores } = multiLabelProbe({ train: fitted, val: undefined, test }, labels, settings({ grid: [C] }));
    for (const [i, score] of logistic.scores.entries()) expect(scores[i]).toBeCloseTo(score, 5);
  });

  const stream = random(6, 'labels');
  const draw = (n: number): MultiLabelFeatures => {
    const targets = Int32Array.from({ length: n * 3 }, () => (stream.uniform() < 0.3 ? 1 : 0));
    const data = Float32Array.from({ length: n * 4 }, (_, i) =>
      i % 4 < 3 ? targets[(i >> 2) * 3 + (i % 4)]! + 0.4 * stream.normal() : stream.normal(),
    );
    return { features: { rows: n, cols: 4, data }, targets };
  };
  const [train, val, test] = [draw(200), draw(60), draw(100)];
  const auc = (given: Partial<ProbeSettings>, validation: MultiLabelFeatures | undefined) => {
    const probe = multiLabelProbe({ train, val: validation, test: test.features }, 3, settings(given));
    return { auc: multiLabelAuc({ scores: probe.scores, targets: test.targets, labels: 3 }), notes: probe.notes };
  };

  it.each(['lbfgs', 'clip-benchmark'] as const)(
    'finds the labels by %s, with and without validation images',
    (solver) => {
      expect(auc({ solver }, val).auc).toBeGreaterThan(0.9);
      expect(auc({ solver }, val).notes.join()).toContain('260 training and validation examples');
      expect(auc({ solver }, undefined).auc).toBeGreaterThan(0.9);
      expect(auc({ solver }, undefined).notes.join()).toContain('200 training examples');
    },
  );

  it("follows the settings of the study's recipe", () => {
    const study = { solver: 'clip-benchmark', epochs: 40, batchSize: 64, weightDecay: 0 } as const;
    expect(auc(study, undefined).notes).toEqual([
      'probe of clip-benchmark: AdamW, 40 epochs, batch size 64, weight decay 0, 200 training examples',
    ]);
    expect(defaultSettings(PROBE_SETTINGS).weightDecay).toBe('auto');
  });
});
