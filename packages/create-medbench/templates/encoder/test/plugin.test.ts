import { join } from 'node:path';
import { checkPackage, trainTwoSteps } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

it('has the width that the run asks for', () => {
  const { embedDim, parameters } = new TemplateName().build({ embedDim: 48, vocabSize: 100 });
  expect(embedDim).toBe(48);
  expect(parameters.at(-1)).toMatchObject({ name: 'projection.weight', shape: [48, 64] });
});

it('trains: the loss is finite, and each parameter has a gradient', async () => {
  const { losses, withoutGradient } = await trainTwoSteps(new TemplateName());
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(withoutGradient).toEqual([]);
});

it('passes the plugin check: manifest, info, stages, and the shapes that forward() returns', async () => {
  const { plugins, faults } = await checkPackage(join(import.meta.dirname, '..'));
  expect(plugins).toEqual(['encoder "template-name"']);
  expect(faults).toEqual([]);
});
