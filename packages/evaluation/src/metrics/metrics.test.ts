import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  balancedAccuracy,
  calibrationBins,
  confusionMatrix,
  expectedCalibrationError,
  macroAuc,
  macroF1,
  perClassRecall,
  preparedMacroAuc,
} from './index.js';

interface Case {
  classes: number;
  labels: number[];
  probabilities: number[];
  predicted: number[];
  accuracy: number;
  balancedAccuracy: number;
  macroF1: number;
  recall: number[];
  confusion: number[];
  macroAuc: number;
  ece: number;
}
const cases = JSON.parse(readFileSync(new URL('../../fixtures/metrics.json', import.meta.url), 'utf8')) as Case[];

describe('metrics', () => {
  it.each(cases.map((c, i) => [i, c] as const))('equal scikit-learn on case %i', (_, c) => {
    const truth = Int32Array.from(c.labels);
    const predicted = Int32Array.from(c.predicted);
    const probabilities = Float64Array.from(c.probabilities);
    expect(accuracy(truth, predicted)).toBeCloseTo(c.accuracy, 10);
    expect(balancedAccuracy(truth, predicted, c.classes)).toBeCloseTo(c.balancedAccuracy, 10);
    expect(macroF1(truth, predicted, c.classes)).toBeCloseTo(c.macroF1, 10);
    expect([...confusionMatrix(truth, predicted, c.classes)]).toEqual(c.confusion);
    perClassRecall(truth, predicted, c.classes).forEach((recall, k) => {
      expect(recall).toBeCloseTo(c.recall[k]!, 10);
    });
    expect(macroAuc(probabilities, truth, c.classes)).toBeCloseTo(c.macroAuc, 10);
    expect(expectedCalibrationError(probabilities, truth, c.classes)).toBeCloseTo(c.ece, 10);
    const { count, right, confidence } = calibrationBins(probabilities, truth, c.classes);
    expect(count.reduce((sum, n) => sum + n, 0)).toBe(truth.length);
    expect(right.reduce((sum, n) => sum + n, 0) / truth.length).toBeCloseTo(c.accuracy, 10);
    const gaps = count.reduce((sum, n, b) => sum + Math.abs(right[b]! - n * confidence[b]!), 0);
    expect(gaps / truth.length).toBeCloseTo(c.ece, 5);
    confidence.forEach((mean, b) => {
      if (count[b] === 0) expect(mean).toBe(0);
      else expect(mean > b / 15 - 1e-6 && mean <= (b + 1) / 15 + 1e-6).toBe(true);
    });
  });

  it('give a weighted AUROC equal to the AUROC of repeated examples', () => {
    const c = cases[3]!;
    const counts = Int32Array.from(c.labels, (_, i) => (i * 7) % 4);
    const rows = c.labels.flatMap((_, i) => new Array<number>(counts[i]!).fill(i));
    const repeated = macroAuc(
      Float64Array.from(rows.flatMap((i) => c.probabilities.slice(i * c.classes, (i + 1) * c.classes))),
      Int32Array.from(rows, (i) => c.labels[i]!),
      c.classes,
    );
    const weighted = preparedMacroAuc(Float64Array.from(c.probabilities), Int32Array.from(c.labels), c.classes);
    expect(weighted(counts)).toBeCloseTo(repeated, 12);
  });

  it('leave out classes that do not occur', () => {
    const truth = Int32Array.of(0, 0, 2, 2);
    expect(balancedAccuracy(truth, Int32Array.of(0, 0, 2, 0), 3)).toBe(0.75);
    expect(macroF1(truth, truth, 3)).toBe(1);
    expect(macroAuc(new Float64Array(12), truth, 3)).toBe(0.5);
    expect(macroAuc(new Float64Array(4), Int32Array.of(1, 1), 2)).toBeNaN();
  });
});
