import { join } from 'node:path';
import { findPlugins } from '@medbench/api/workspace';
import { testContext } from '@medbench/core/testing';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

const folder = join(import.meta.dirname, '..');
const dataRoot = join(folder, 'example-data');

it('opens its example data', async () => {
  const { train, test } = await new TemplateName().open(testContext({ dataRoot }));
  expect([train.labels.length, test.labels.length]).toEqual([12, 4]);
  expect([...test.labels].sort()).toEqual([0, 0, 1, 1]);
  // Label 1 is the brighter class.
  for (const [i, label] of test.labels.entries()) {
    const { data } = await test.images.get(i);
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(mean > 128).toBe(label === 1);
  }
});

it('says which folder is missing', async () => {
  const context = testContext({ dataRoot: join(folder, 'nowhere') });
  await expect(new TemplateName().open(context)).rejects.toThrow(join('template-name', 'dark'));
});

it('passes the plugin check: manifest, info, and a measurement of its example data', async () => {
  const { plugins, faults, notes } = await checkPackage(folder, { dataRoot, installed: await findPlugins(folder) });
  expect(plugins).toEqual(['task "template-name"']);
  expect([faults, notes]).toEqual([[], []]);
});
