import { join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

const folder = join(import.meta.dirname, '..');
const dataRoot = join(folder, 'example-data');

it('reads the pairs of its example data', async () => {
  const { pairs, synthetic } = await new TemplateName().open(testContext({ dataRoot }));
  expect([pairs.length, synthetic]).toEqual([16, true]);
  for (let i = 0; i < pairs.length; i++) {
    const { image, caption } = await pairs.get(i);
    const mean = image.data.reduce((sum, value) => sum + value, 0) / image.data.length;
    // The caption belongs to its image.
    expect(caption).toContain(mean > 128 ? 'bright' : 'dark');
  }
});

it('says which file is missing', async () => {
  const context = testContext({ dataRoot: join(folder, 'nowhere') });
  await expect(new TemplateName().open(context)).rejects.toThrow('captions.csv');
});

it('passes the plugin check: manifest, info, and its first pair', async () => {
  const { plugins, faults, notes } = await checkPackage(folder, { dataRoot });
  expect(plugins).toEqual(['corpus "template-name"']);
  expect([faults, notes]).toEqual([[], []]);
});
