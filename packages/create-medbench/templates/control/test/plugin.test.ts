import { join } from 'node:path';
import type { RasterImage } from '@medbench/core';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

it('sees the mean brightness of each image, and no text', async () => {
  const images: RasterImage[] = [0, 51, 255].map((value) => ({
    ...{ width: 2, height: 2, channels: 1 },
    data: new Uint8Array(4).fill(value),
  }));
  const model = await new TemplateName().model();
  const { rows, cols, data } = await model.imageFeatures({ length: 3, get: async (i) => images[i]! });
  expect([rows, cols, [...data].map((value) => Number(value.toFixed(3)))]).toEqual([3, 1, [0, 0.2, 1]]);
  await expect(model.embedTexts(['a text'])).rejects.toThrow('sees no text');
});

it('passes the plugin check: manifest, info, and its model', async () => {
  const { plugins, faults } = await checkPackage(join(import.meta.dirname, '..'));
  expect(plugins).toEqual(['control "template-name"']);
  expect(faults).toEqual([]);
});
