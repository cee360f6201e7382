import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { argMax } from '../metrics/scores.js';
import { takeRows } from '../numerics/matrix.js';
import { minimize } from './lbfgs.js';
import { fitLogisticRegression, logisticLogits } from './logistic-regression.js';

interface Case {
  classes: number;
  features: number;
  C: number;
  x: number[];
  y: number[];
  coef: number[];
  intercept: number[];
  objective: number;
  predicted: number[];
}
const cases = JSON.parse(readFileSync(new URL('../../fixtures/logistic.json', import.meta.url), 'utf8')) as Case[];
const probes = JSON.parse(readFileSync(new URL('../../fixtures/probes.json', import.meta.url), 'utf8')) as (Case & {
  name: string;
})[];
const toMatrix = (c: Case) => ({ rows: c.y.length, cols: c.features, data: Float32Array.from(c.x) });

describe('minimize', () => {
  const rosenbrock = (x: Float64Array, g: Float64Array): number => {
    const [a, b] = [x[0]!, x[1]!];
    g[0] = -2 * (1 - a) - 400 * a * (b - a * a);
    g[1] = 200 * (b - a * a);
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2;
  };

  it("finds the minimum of Rosenbrock's function", () => {
    const result = minimize(rosenbrock, Float64Array.of(-1.2, 1), { gradientTolerance: 1e-8 });
    expect(result.converged).toBe(true);
    expect(result.iterations).toBeLessThan(60);
    expect(result.x[0]).toBeCloseTo(1, 7);
    expect(result.x[1]).toBeCloseTo(1, 7);
  });

  it('stops at the maximum number of iterations and does not change the start', () => {
    const start = Float64Array.of(-1.2, 1);
    expect(minimize(rosenbrock, start, { maxIterations: 3 })).toMatchObject({ iterations: 3, converged: false });
    expect([...start]).toEqual([-1.2, 1]);
  });
});

describe('fitLogisticRegression', () => {
  it.each(cases.map((c) => [c.classes, c] as const))('equals scikit-learn with %i classes', (_, c) => {
    const x = toMatrix(c);
    const model = fitLogisticRegression(x, Int32Array.from(c.y), c.classes, { C: c.C, tolerance: 1e-9 });
    expect(model.converged).toBe(true);
    expect(Math.abs(model.objective - c.objective)).toBeLessThan(1e-6 * c.objective);
    c.coef.forEach((value, i) => {
      expect(Math.abs(model.weights[i]! - value)).toBeLessThan(1e-4);
    });
    c.intercept.forEach((value, i) => {
      expect(Math.abs(model.intercepts[i]! - value)).toBeLessThan(1e-4);
    });
    expect([...argMax(logisticLogits(model, x), c.classes)]).toEqual(c.predicted);
  });

  // Real data sets: handwritten digits, wines and breast tumours.
  it.each(probes.map((c) => [c.name, c] as const))('equals scikit-learn on %s, for every test example', (_, c) => {
    const [x, y] = [toMatrix(c), Int32Array.from(c.y)];
    const [even, odd] = [0, 1].map((from) => y.map((_, i) => i).filter((i) => i % 2 === from)) as [
      Int32Array,
      Int32Array,
    ];
    const train = takeRows(x, even);
    const model = fitLogisticRegression(
      train,
      even.map((i) => y[i]!),
      c.classes,
      { C: c.C, tolerance: 1e-8 },
    );
    expect(model.converged).toBe(true);
    expect(Math.abs(model.objective - c.objective)).toBeLessThan(1e-4);
    expect(Math.max(...c.coef.map((value, i) => Math.abs(model.weights[i]! - value)))).toBeLessThan(1e-4);
    expect(Math.max(...c.intercept.map((value, i) => Math.abs(model.intercepts[i]! - value)))).toBeLessThan(1e-4);
    expect([...argMax(logisticLogits(model, takeRows(x, odd)), c.classes)]).toEqual(c.predicted);
  });

  it('reaches the same minimum at the default tolerance and from a warm start', () => {
    const c = cases[1]!;
    const y = Int32Array.from(c.y);
    const strong = fitLogisticRegression(toMatrix(c), y, 5, { C: 0.01 });
    const warm = fitLogisticRegression(toMatrix(c), y, 5, { C: c.C, start: strong });
    expect(Math.abs(warm.objective - c.objective)).toBeLessThan(1e-4 * c.objective);
  });

  it('gives probability 0 to classes without training examples', () => {
    const x = { rows: 3, cols: 1, data: Float32Array.of(-1, 1, 2) };
    const twoClasses = fitLogisticRegression(x, Int32Array.of(1, 3, 3), 4, { C: 1 });
    const logits = logisticLogits(twoClasses, x);
    expect([...argMax(logits, 4)]).toEqual([1, 3, 3]);
    expect(logits[0]).toBe(Number.NEGATIVE_INFINITY);
    const oneClass = fitLogisticRegression(x, Int32Array.of(2, 2, 2), 4, { C: 1 });
    expect([...argMax(logisticLogits(oneClass, x), 4)]).toEqual([2, 2, 2]);
  });

  it('rejects a number of labels that differs from the number of rows', () => {
    const x = { rows: 3, cols: 1, data: new Float32Array(3) };
    expect(() => fitLogisticRegression(x, Int32Array.of(0, 1), 2, { C: 1 })).toThrow(/3 rows with 2 labels/);
  });
});
