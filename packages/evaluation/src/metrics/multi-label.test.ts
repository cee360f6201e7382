import { readFileSync } from 'node:fs';
import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import {
  multiLabelAuc,
  placementScores,
  preparedLabelMetrics,
  rankingPrecision,
  summarizeMultiLabel,
} from './multi-label.js';

interface Case {
  labels: number;
  targets: number[];
  scores: number[];
  counts: number[];
  auc: number[];
  ap: number[];
  macroAuc?: number;
  meanAp?: number;
  rankingAp?: number;
  macroAucVariance?: number;
}
/** By scikit-learn and, for the variance, from all pairs of images (scripts/oracles/multi_label.py). */
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/multi-label.json', import.meta.url), 'utf8')) as {
  metrics: Case[];
};
const prepare = ({ labels, targets, scores }: Case) => ({ labels, targets, scores: Float64Array.from(scores) });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('metrics of several labels', () => {
  it.each(fixture.metrics.map((one, i) => [i, one] as const))('are those of scikit-learn, case %i', (_, one) => {
    const { auc, ap } = preparedLabelMetrics(prepare(one))(Int32Array.from(one.counts));
    for (const [k, value] of one.auc.entries()) expect(auc[k]).toBeCloseTo(value, 12);
    for (const [k, value] of one.ap.entries()) expect(ap[k]).toBeCloseTo(value, 12);
  });

  it.each(fixture.metrics.filter(({ rankingAp }) => rankingAp !== undefined))(
    'rank the labels of an image as scikit-learn, and average as it does',
    (one) => {
      const data = prepare(one);
      const perExample = rankingPrecision(data);
      expect(mean(perExample)).toBeCloseTo(one.rankingAp!, 12);
      const names = ['a', 'b', 'c', 'd'];
      const metrics = summarizeMultiLabel(data, names, perExample, { seed: 0, replicates: 200 });
      expect(metrics.auc!.value).toBeCloseTo(one.macroAuc!, 12);
      expect(metrics.mean_ap!.value).toBeCloseTo(one.meanAp!, 12);
      expect(metrics.label_ranking_ap!.value).toBeCloseTo(one.rankingAp!, 12);
      expect(metrics.ap_c!.value).toBeCloseTo(one.ap[2]!, 12);
      for (const { value, ci95 } of Object.values(metrics)) {
        expect(ci95[0]).toBeLessThan(value);
        expect(ci95[1]).toBeGreaterThan(value);
      }
    },
  );

  it.each(fixture.metrics.filter(({ rankingAp }) => rankingAp !== undefined))(
    'have image scores with the mean and the variance of the AUROC',
    (one) => {
      const scores = placementScores(prepare(one));
      expect(mean(scores)).toBeCloseTo(one.macroAuc!, 12);
      const variance = mean(scores.map((score) => (score - one.macroAuc!) ** 2)) / scores.length;
      expect(variance).toBeCloseTo(one.macroAucVariance!, 12);
    },
  );

  it('leave out a label that no image or every image has', () => {
    const targets = [1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1];
    const data = { labels: 3, targets, scores: Float64Array.from(targets.map((target, i) => target + i / 100)) };
    const metrics = summarizeMultiLabel(data, ['some', 'none', 'all'], rankingPrecision(data), { seed: 0 });
    expect(Object.keys(metrics)).toEqual(['auc', 'mean_ap', 'label_ranking_ap', 'auc_some', 'ap_some']);
    expect(metrics.auc!.value).toBe(1);
    expect(mean(placementScores(data))).toBeCloseTo(1, 12);
  });

  it('are those of chance for scores that do not depend on the image', () => {
    const stream = random(4, 'chance');
    const targets = Array.from({ length: 400 * 5 }, () => (stream.uniform() < 0.2 ? 1 : 0));
    const data = { labels: 5, targets, scores: new Float64Array(targets.length).fill(0.3) };
    expect(multiLabelAuc(data)).toBe(0.5);
    const { ap } = preparedLabelMetrics(data)();
    const shares = Array.from({ length: 5 }, (_, k) => mean(targets.filter((_, i) => i % 5 === k)));
    for (const [k, value] of ap.entries()) expect(value).toBeCloseTo(shares[k]!, 12);
    for (const score of placementScores(data)) expect(score).toBeCloseTo(0.5, 12);
  });
});
