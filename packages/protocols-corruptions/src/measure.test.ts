import { readFileSync } from 'node:fs';
import { defaultSettings, type EvaluationModel, type Matrix, type RasterImage, type Source } from '@medbench/core';
import { fromArray } from '@medbench/data';
import type { ClassificationData } from '@medbench/evaluation';
import { describe, expect, it } from 'vitest';
import { LinearProbeCorruptions, ZeroShotCorruptions } from './plugin.js';
import { type CorruptionSettings, ZERO_SHOT_SETTINGS } from './settings.js';

/** Written by scripts/oracles/corruptions.py. */
const { protocol } = JSON.parse(readFileSync(new URL('../fixtures/corruptions.json', import.meta.url), 'utf8')) as {
  readonly protocol: {
    readonly labels: readonly number[];
    readonly predicted: readonly (readonly number[])[];
    readonly figures: Readonly<Record<string, number>>;
  };
};
const CONDITIONS = ['clean', 'contrast-1', 'contrast-5', 'gaussian-noise-1', 'gaussian-noise-5'];

const pixel = (level: number): RasterImage => ({
  width: 8,
  height: 8,
  channels: 1,
  data: new Uint8Array(64).fill(level),
});
const labels = Int32Array.from(protocol.labels);
const images = fromArray([...labels].map((label) => pixel(60 * label)));
const data: ClassificationData = {
  classes: ['a', 'b', 'c'],
  prompts: ['{}'],
  train: { images, labels },
  test: { images, labels },
};
const oneHot = (classes: readonly number[]): Matrix => ({
  rows: classes.length,
  cols: 3,
  data: Float32Array.from({ length: 3 * classes.length }, (_, i) => (classes[Math.floor(i / 3)] === i % 3 ? 1 : 0)),
});
const asked: string[] = [];
/** A model that predicts what the fixture says, by the name of the condition. */
const predict = async (_: Source<RasterImage>, as = ''): Promise<Matrix> => {
  asked.push(as);
  const condition = CONDITIONS.findIndex((name) => as === `test-${name}-8`);
  return oneHot(condition < 0 ? protocol.labels : protocol.predicted[condition]!);
};
const model: EvaluationModel = {
  id: 'fixture',
  can: { images: true, texts: true, joint: true },
  logitScale: 1,
  embedImages: predict,
  imageFeatures: predict,
  embedTexts: async () => oneHot([0, 1, 2]),
};
const settings: CorruptionSettings = {
  ...(defaultSettings(ZERO_SHOT_SETTINGS) as CorruptionSettings),
  corruptions: 'contrast gaussian-noise',
  severities: [1, 5],
  side: 8,
};
const context = { seed: 0, split: 'test', settings } as const;

describe.each([
  ['zero-shot', new ZeroShotCorruptions()],
  ['linear probe', new LinearProbeCorruptions()],
] as const)('%s on corrupted images', (_, measured) => {
  it('has the figures of scikit-learn, and paired intervals', async () => {
    asked.length = 0;
    const result = await measured.measure(model, data, context);
    const { metrics, metric, perExample, notes } = result!;
    expect(metric).toBe('corrupted_accuracy');
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(protocol.figures).sort());
    for (const [name, value] of Object.entries(protocol.figures)) {
      expect(Math.abs(metrics[name]!.value - value), name).toBeLessThan(1e-9);
      expect(metrics[name]!.ci95[0], name).toBeLessThanOrEqual(value + 1e-9);
      expect(metrics[name]!.ci95[1], name).toBeGreaterThanOrEqual(value - 1e-9);
    }
    expect(perExample.reduce((sum, score) => sum + score, 0) / 12).toBeCloseTo(metrics.corrupted_accuracy!.value, 12);
    expect(notes![0]).toBe('2 corruptions (contrast, gaussian-noise) at severities 1, 5, shorter side 8');
    expect(asked.filter((as) => as !== 'train')).toEqual(CONDITIONS.map((name) => `test-${name}-8`));
    expect(await measured.measure(model, data, context)).toEqual(result);
  });

  it('has a paired interval of no width where nothing is lost', async () => {
    const same = { ...model, embedImages: async () => oneHot(protocol.labels) };
    const { metrics } = (await measured.measure({ ...same, imageFeatures: same.embedImages }, data, context))!;
    expect(metrics.accuracy_drop).toEqual({ value: 0, ci95: [0, 0] });
    expect(metrics.retained_accuracy).toEqual({ value: 1, ci95: [1, 1] });
  });
});

describe('the settings', () => {
  const measure = (changed: Partial<CorruptionSettings>) =>
    new ZeroShotCorruptions().measure(model, data, { ...context, settings: { ...settings, ...changed } });

  it('name corruptions; others are refused', async () => {
    await expect(measure({ corruptions: 'snow' })).rejects.toThrow('"snow" is no corruption');
    await expect(measure({ corruptions: 'jpeg jpeg' })).rejects.toThrow('"jpeg" is no corruption, or is named twice');
    await expect(measure({ severities: [1.5] })).rejects.toThrow('whole numbers');
  });

  it('leave out models and data that have no such classifier', async () => {
    const imagesOnly = { ...model, can: { images: true, texts: false, joint: false } };
    expect(await new ZeroShotCorruptions().measure(imagesOnly, data, context)).toBeUndefined();
    const { train: _, ...untrained } = data;
    expect(await new LinearProbeCorruptions().measure(model, untrained, context)).toBeUndefined();
  });
});
