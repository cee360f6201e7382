import { type EvaluationModel, measureAll, random } from '@medbench/core';
import { constantModel, randomModel } from '@medbench/core/testing';
import { describe, expect, it } from 'vitest';
import type { MultiLabelImages } from '../splits/multi-label-images.js';
import { testProtocols } from '../testing/index.js';
import type { MultiLabelData } from './multi-label.js';

const LABELS = ['mass', 'nodule', 'hernia'];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Images whose value has a bit for each of their labels. */
function draw(n: number, seed: number): MultiLabelImages {
  const stream = random(seed, 'bits');
  const bits = Int32Array.from({ length: n }, (_, i) => (i < 8 ? i : stream.integer(8)));
  return {
    images: {
      length: n,
      get: async (i) => ({ width: 1, height: 1, channels: 1, data: Uint8Array.of(bits[i]!) }),
    },
    targets: Int32Array.from({ length: n * 3 }, (_, i) => (bits[Math.floor(i / 3)]! >> (i % 3)) & 1),
  };
}
const data: MultiLabelData = {
  train: draw(120, 1),
  val: draw(40, 2),
  test: draw(200, 3),
  labelNames: LABELS,
  prompts: ['{}'],
};

const unit = (vector: readonly number[]): number[] => {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
};
/** A model that sees the labels: an image has 1 in the axis of each of its labels, a text in that of its own. */
const seeing: EvaluationModel = {
  ...constantModel(),
  async embedImages(images) {
    const rows = await Promise.all(
      Array.from({ length: images.length }, async (_, i) => {
        const [value] = (await images.get(i)).data;
        return unit([value! & 1, (value! >> 1) & 1, (value! >> 2) & 1, 0.5]);
      }),
    );
    return { rows: rows.length, cols: 4, data: Float32Array.from(rows.flat()) };
  },
  imageFeatures: (images, as) => seeing.embedImages(images, as),
  async embedTexts(texts) {
    const rows = texts.map((text) => [...LABELS.map((label) => (label === text ? 1 : 0)), 0]);
    return { rows: rows.length, cols: 4, data: Float32Array.from(rows.flat()) };
  },
};

const protocols = (split: 'test' | 'val' = 'test', metric = 'auc') =>
  testProtocols(['zero-shot', 'linear-probe'], { split, metric: { 'zero-shot': metric, 'linear-probe': metric } });

describe('protocols on images with several labels', () => {
  it('give a perfect model the highest figures, and its images the highest scores', async () => {
    const results = await measureAll(protocols(), seeing, data);
    expect(results.map(({ protocol, metric, n }) => [protocol, metric, n])).toEqual([
      ['zero-shot', 'auc', 200],
      ['linear-probe', 'auc', 200],
    ]);
    for (const { metrics, scores, classification, sampled } of results) {
      for (const name of ['auc', 'mean_ap', 'auc_mass', 'ap_hernia']) expect(metrics[name]!.value, name).toBe(1);
      for (const score of scores!) expect(score).toBeCloseTo(1, 12);
      expect([classification, sampled]).toEqual([undefined, undefined]);
    }
    // A probe orders the images of a label, not the labels of an image.
    expect(results[0]!.metrics.label_ranking_ap!.value).toBe(1);
    expect(results[0]!.perExample).toEqual(new Array(200).fill(1));
    expect(results[1]!.metrics.mean_ap_projected!.value).toBe(1);
  });

  it('give a constant model those of chance', async () => {
    for (const { metrics } of await measureAll(protocols(), constantModel(), data)) {
      expect(metrics.auc!.value).toBe(0.5);
      const shares = LABELS.map((_, k) => mean([...data.test.targets].filter((_, i) => i % 3 === k)));
      expect(metrics.mean_ap!.value).toBeCloseTo(mean(shares), 12);
    }
  });

  it('give scores whose mean is the primary metric, or say that rows are not compared', async () => {
    for (const { metrics, scores, perExample } of await measureAll(protocols(), randomModel(2), data)) {
      expect(mean(scores!)).toBeCloseTo(metrics.auc!.value, 12);
      expect(mean(perExample)).toBeCloseTo(metrics.label_ranking_ap!.value, 12);
    }
    for (const { scores, notes } of await measureAll(protocols('test', 'mean_ap'), randomModel(2), data)) {
      expect(scores).toEqual([]);
      expect(notes!.join()).toContain('rows are not compared');
    }
    const ranked = await measureAll(protocols('test', 'label_ranking_ap'), randomModel(2), data);
    for (const { scores } of ranked) expect(scores).toBeUndefined();
  });

  it('measure on validation images without reading the test split', async () => {
    const unread = { ...data.test, images: { length: 200, get: () => Promise.reject(new Error('test was read')) } };
    const results = await measureAll(protocols('val'), seeing, { ...data, test: unread });
    expect(results.map(({ n }) => n)).toEqual([40, 40]);
    const { val: _, ...withoutVal } = data;
    const held = await measureAll(protocols('val'), seeing, { ...withoutVal, test: unread });
    expect(held.map(({ n }) => n)).toEqual([12, 12]);
  });

  it('refuse labels that do not fit the images', async () => {
    const wrong = (targets: Int32Array) =>
      measureAll(protocols(), seeing, { ...data, test: { ...data.test, targets } });
    await expect(wrong(new Int32Array(599))).rejects.toThrow(
      'the test split has 200 images of 3 labels, but 599 entries of labels',
    );
    await expect(wrong(new Int32Array(600).fill(2))).rejects.toThrow('test image 0 has 2 for a label');
  });
});
