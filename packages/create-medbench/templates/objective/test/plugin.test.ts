import { join } from 'node:path';
import { checkPackage, trainTwoSteps } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

it('has a finite loss, and a gradient for each parameter', async () => {
  const { losses, trained, withoutGradient } = await trainTwoSteps(new TemplateName());
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(withoutGradient).toEqual([]);
  // idle() takes the scale out of the training.
  expect(trained).not.toContain('logit_scale');
});

it('raises the distance to its power', async () => {
  const train = (power: number) => trainTwoSteps(new TemplateName(), { settings: { power } });
  const [plain, squared] = [await train(1), await train(2)];
  // The mean of the squares is at least the square of the mean.
  expect(squared.losses[0]).toBeGreaterThanOrEqual(plain.losses[0] ** 2);
});

it('passes the plugin check: manifest, info, and two training steps compiled', async () => {
  const { plugins, faults } = await checkPackage(join(import.meta.dirname, '..'));
  expect(plugins).toEqual(['objective "template-name"']);
  expect(faults).toEqual([]);
});
