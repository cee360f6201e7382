import { readFileSync } from 'node:fs';
import type { EvaluationModel, Matrix, RasterImage, Source } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { centroidLogits, type FeatureTransform, fitCentroids, meanRow } from '../centroids/nearest-centroid.js';
import { nearestNeighbours } from '../neighbours/nearest.js';
import { voteLogits } from '../neighbours/vote.js';
import type { ClassificationData } from './classification.js';
import { measureKnn } from './knn.js';
import { measurePromptSensitivity } from './prompt-sensitivity.js';
import { measureSimpleShot } from './simple-shot.js';

type Split = 'train' | 'val' | 'test';
interface Reached {
  readonly accuracy: number;
  readonly balanced_accuracy: number;
}
type Spread = Readonly<Record<'mean' | 'min' | 'max' | 'sd', number>>;
/** Written by scripts/oracles/neighbours.py. */
interface Fixture {
  readonly classes: number;
  readonly features: number;
  readonly grid: readonly number[];
  readonly x: Readonly<Record<Split, readonly number[]>>;
  readonly y: Readonly<Record<Split, readonly number[]>>;
  readonly texts: readonly number[];
  readonly templates: number;
  readonly neighbours: readonly (Reached & {
    readonly vote: 'softmax' | 'majority';
    readonly shares: Readonly<Record<string, readonly number[]>>;
    readonly k: number;
  })[];
  readonly centroids: readonly (Reached & {
    readonly transform: FeatureTransform;
    readonly centroids: readonly number[];
    readonly squares: readonly number[];
  })[];
  readonly sensitivity: {
    readonly accuracies: readonly number[];
    readonly accuracy: Spread;
    readonly balanced_accuracy: Spread;
  };
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/neighbours.json', import.meta.url), 'utf8')) as Fixture;
const { classes, features: width } = fixture;

const toMatrix = (values: readonly number[], cols = width): Matrix => ({
  rows: values.length / cols,
  cols,
  data: Float32Array.from(values),
});
const rows = (split: Split): Matrix => toMatrix(fixture.x[split]);
const labels = (split: Split): Int32Array => Int32Array.from(fixture.y[split]);
const expectClose = (got: ArrayLike<number>, expected: readonly number[]): void => {
  expect(got.length).toBe(expected.length);
  const furthest = expected.reduce((far, value, i) => Math.max(far, Math.abs(got[i]! - value)), 0);
  expect(furthest).toBeLessThan(1e-9);
};

const source = (length: number): Source<RasterImage> => ({ length, get: () => Promise.reject(new Error('opened')) });
const model: EvaluationModel = {
  id: 'fixture',
  can: { images: true, texts: true, joint: true },
  logitScale: 1,
  embedImages: async (_, as) => rows(as as Split),
  imageFeatures: async (_, as) => rows(as as Split),
  embedTexts: async () => toMatrix(fixture.texts),
};
const data: ClassificationData = {
  classes: ['a', 'b', 'c', 'd'],
  prompts: Array.from({ length: fixture.templates }, (_, t) => `template ${t} of {}`),
  train: { images: source(90), labels: labels('train') },
  val: { images: source(30), labels: labels('val') },
  test: { images: source(40), labels: labels('test') },
};

describe('nearest neighbours', () => {
  it.each(fixture.neighbours)('vote as those of scikit-learn: $vote', async ({ vote, shares, ...expected }) => {
    const largest = fixture.grid.at(-1)!;
    const found = await nearestNeighbours(rows('test'), rows('train'), largest);
    for (const k of fixture.grid) {
      const logits = voteLogits(found, labels('train'), classes, { k, vote, temperature: 0.07 });
      expectClose(logits.map(Math.exp), shares[k]!);
    }
    const result = await measureKnn(model, data, { seed: 0, settings: { k: fixture.grid, vote } });
    expect(result!.notes).toEqual([`k = ${expected.k} of 1, 3, 10, 50, by the accuracy on held-out examples`]);
    expect(result!.metrics.accuracy!.value).toBeCloseTo(expected.accuracy, 12);
    expect(result!.metrics.balanced_accuracy!.value).toBeCloseTo(expected.balanced_accuracy, 12);
    expect(result!.perExample.reduce((sum, hit) => sum + hit, 0)).toBe(Math.round(40 * expected.accuracy));
  });

  /** The neighbours by a sort of all similarities in 64 bits. */
  function bySorting(queries: Matrix, known: Matrix, k: number): number[] {
    const length = (m: Matrix, i: number) => Math.hypot(...m.data.subarray(i * m.cols, (i + 1) * m.cols)) || 1;
    return Array.from({ length: queries.rows }, (_, q) => {
      const similarities = Array.from({ length: known.rows }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < known.cols; j++) sum += queries.data[q * known.cols + j]! * known.data[i * known.cols + j]!;
        return sum / (length(queries, q) * length(known, i));
      });
      return [...similarities.keys()].sort((a, b) => similarities[b]! - similarities[a]! || a - b).slice(0, k);
    }).flat();
  }

  it('are exact over several blocks and more candidates than fit, with ties by index', async () => {
    // Whole numbers make many rows equally near; more than a block of them, and more than the candidates of a query.
    const grid = (n: number, step: number): Matrix => ({
      rows: n,
      cols: 3,
      data: Float32Array.from({ length: 3 * n }, (_, i) => ((i * step) % 7) - 3),
    });
    const [queries, known] = [grid(30, 5), grid(2500, 11)];
    const found = await nearestNeighbours(queries, known, 40);
    expect([...found.indices]).toEqual(bySorting(queries, known, 40));
    const same = (n: number): Matrix => ({ rows: n, cols: 2, data: new Float32Array(2 * n).fill(0.3) });
    expect([...(await nearestNeighbours(same(2), same(3000), 2)).indices]).toEqual([0, 1, 0, 1]);
  });

  it('take rows of zeros as unlike any other, and equal votes as votes for the lowest class', async () => {
    const known = toMatrix([0, 0, 1, 0, 0, 1], 2);
    const found = await nearestNeighbours(toMatrix([0, 0, 2, 2], 2), known, 3);
    expect([...found.indices]).toEqual([0, 1, 2, 1, 2, 0]);
    expectClose(found.similarities, [0, 0, 0, Math.SQRT1_2, Math.SQRT1_2, 0]);
    const logits = voteLogits(found, Int32Array.of(2, 1, 0), 3, { k: 2, vote: 'majority' });
    expectClose(logits.subarray(3).map(Math.exp), [0.5, 0.5, 0]);
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  it('refuse a number that is not whole, use all examples of a small split, and need a training split', async () => {
    await expect(measureKnn(model, data, { seed: 0, settings: { k: [1.5] } })).rejects.toThrow('evaluation.knn.k');
    const all = await measureKnn(model, data, { seed: 0, settings: { k: [1000] } });
    expect(all!.notes).toEqual(['k = 1000', 'the training split has only 90 examples: all of them vote']);
    const { train: _, ...alone } = data;
    expect(await measureKnn(model, alone, { seed: 0 })).toBeUndefined();
    expect(await measureSimpleShot(model, alone, { seed: 0 })).toBeUndefined();
  });

  it('choose k on held-out training examples without a validation split', async () => {
    const { val: _, ...rest } = data;
    const result = await measureKnn(model, rest, { seed: 0 });
    expect(result!.notes![0]).toMatch(/^no validation split: chosen on \d+ held-out training examples$/);
  });
});

describe('SimpleShot', () => {
  it.each(fixture.centroids)('has the centroids and distances of scikit-learn: $transform', async (expected) => {
    const { transform } = expected;
    const train = { features: rows('train'), labels: labels('train') };
    const fitted = fitCentroids(train, classes, { transform, mean: meanRow(train.features) });
    expectClose(fitted.rows, expected.centroids);
    expectClose(
      centroidLogits(fitted, rows('test')).map((logit) => -logit),
      expected.squares,
    );
    const result = await measureSimpleShot(model, data, { seed: 0, settings: { transform } });
    expect(result!.metrics.accuracy!.value).toBeCloseTo(expected.accuracy, 12);
    expect(result!.metrics.balanced_accuracy!.value).toBeCloseTo(expected.balanced_accuracy, 12);
    expect(result!.notes).toEqual([
      `${transform.toUpperCase()}, centroids of 90 training examples`,
      'few-shot: mean of 20 draws',
    ]);
  });

  it('with one shot is the nearest of one example of each class, averaged over seeded draws', async () => {
    const settings = { transform: 'l2n', shots: [1, 200], draws: 4 } as const;
    const first = await measureSimpleShot(model, data, { seed: 3, settings });
    expect(await measureSimpleShot(model, data, { seed: 3, settings })).toEqual(first);
    const { metrics, notes } = first!;
    // Each draw classifies 40 examples, so the mean of 4 draws is a multiple of 1/160.
    expect((metrics.accuracy_1shot!.value * 160) % 1).toBeCloseTo(0, 9);
    // More shots than examples are all examples, in every draw.
    expect(metrics.accuracy_200shot!.value).toBeCloseTo(metrics.accuracy!.value, 12);
    expect(notes).toContain('a class has fewer than 200 training examples: all of its examples are used');
  });

  it('never predicts a class without training examples, and says so', async () => {
    const train = { ...data.train!, labels: data.train!.labels.map((label) => (label === 3 ? 0 : label)) };
    const result = await measureSimpleShot(model, { ...data, train }, { seed: 0 });
    expect(result!.classification!.confusion.map((row) => row[3])).toEqual([0, 0, 0, 0]);
    expect(result!.notes).toContain('no training example, so never predicted: d');
  });
});

describe('prompt sensitivity', () => {
  it('has the accuracies of each template alone, and their spread', async () => {
    const result = await measurePromptSensitivity(model, data, { seed: 0 });
    const { metrics, metric, perExample } = result!;
    expect(metric).toBe('template_accuracy_mean');
    const value = (name: string) => metrics[name]!.value;
    expectClose(
      fixture.sensitivity.accuracies.map((_, t) => value(`template_${t + 1}_accuracy`)),
      fixture.sensitivity.accuracies,
    );
    for (const name of ['accuracy', 'balanced_accuracy'] as const) {
      for (const [part, expected] of Object.entries(fixture.sensitivity[name])) {
        expect(Math.abs(value(`template_${name}_${part}`) - expected)).toBeLessThan(1e-9);
      }
    }
    // The mean over the examples of their scores is the primary metric, which paired tests rely on.
    expect(perExample.reduce((sum, score) => sum + score, 0) / 40).toBeCloseTo(value(metric), 12);
    const [low, high] = metrics.template_accuracy_mean!.ci95;
    expect(low).toBeLessThan(value(metric));
    expect(high).toBeGreaterThan(value(metric));
    expect(result!.notes![1]).toBe(
      'templates: 1 "template 0 of {}", 2 "template 1 of {}", 3 "template 2 of {}", 4 "template 3 of {}", 5 "template 4 of {}"',
    );
  });

  it('weights the scores so that their mean is the balanced figure, if a task chooses that', async () => {
    const metric = 'template_balanced_accuracy_mean';
    const result = await measurePromptSensitivity(model, data, { seed: 0, metric });
    const mean = result!.scores!.reduce((sum, score) => sum + score, 0) / 40;
    expect(mean).toBeCloseTo(fixture.sensitivity.balanced_accuracy.mean, 12);
  });

  it('needs two templates, the same number for each class, and a joint space', async () => {
    const measure = (changed: Partial<ClassificationData>) =>
      measurePromptSensitivity(model, { ...data, ...changed }, { seed: 0 });
    await expect(measure({ prompts: ['{}'] })).rejects.toThrow('one prompt template');
    await expect(measure({ prompts: (phrase) => (phrase === 'b' ? ['x'] : ['x', 'y']) })).rejects.toThrow(
      'class "a" has 2 prompts and class "b" has 1',
    );
    const images = { ...model, can: { images: true, texts: false, joint: false } };
    expect(await measurePromptSensitivity(images, data, { seed: 0 })).toBeUndefined();
  });
});
