import { join } from 'node:path';
import type { EvaluationModel, RasterImage, Source } from '@medbench/core';
import { randomModel } from '@medbench/core/testing';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

/** Images of one pixel: class 0 is dark, class 1 bright. */
const split = (length: number) => ({
  images: {
    length,
    get: async (i: number): Promise<RasterImage> => {
      const data = Uint8Array.of(i % 2 === 0 ? i : 255 - i);
      return { width: 1, height: 1, channels: 1, data };
    },
  },
  labels: Int32Array.from({ length }, (_, i) => i % 2),
});

/** A model whose only feature is the brightness. */
const imageFeatures = async (images: Source<RasterImage>) => {
  const pixels = await Promise.all(
    Array.from({ length: images.length }, async (_, i) => (await images.get(i)).data[0]!),
  );
  return { rows: pixels.length, cols: 1, data: Float32Array.from(pixels) };
};
const model: EvaluationModel = { ...randomModel(0), imageFeatures };

it('gives a model that separates the classes an accuracy of 1', async () => {
  const data = { train: split(20), test: split(10), classes: ['dark', 'bright'], prompts: ['{}'] };
  const result = await new TemplateName().measure(model, data, { seed: 0, settings: {}, split: 'test' });
  expect(result?.metrics.accuracy?.value).toBe(1);
  expect(result?.n).toBe(10);
});

it('passes the plugin check: manifest, info, and a measurement of noise images', async () => {
  const { plugins, faults, notes } = await checkPackage(join(import.meta.dirname, '..'));
  expect(plugins).toEqual(['protocol "template-name"']);
  expect([faults, notes]).toEqual([[], []]);
});
