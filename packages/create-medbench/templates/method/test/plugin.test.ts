import { join } from 'node:path';
import { checkPackage, trainTwoSteps } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { TemplateName } from '../src/index.js';

it('has a finite loss, and a gradient for each parameter', async () => {
  const { losses, withoutGradient } = await trainTwoSteps(new TemplateName());
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(withoutGradient).toEqual([]);
});

it('has a larger loss with smoothed targets, which no prediction can match', async () => {
  const train = (smoothing: number) => trainTwoSteps(new TemplateName(), { settings: { smoothing } });
  const [sharp, smooth] = [await train(0), await train(0.5)];
  // At the first step the scale is 1 / 0.07, so the predictions are far from even.
  expect(smooth.losses[0]).toBeGreaterThan(0);
  expect(smooth.losses[0]).not.toBeCloseTo(sharp.losses[0], 3);
});

it('passes the plugin check: manifest, info, and two training steps compiled', async () => {
  const { plugins, faults } = await checkPackage(join(import.meta.dirname, '..'));
  expect(plugins).toEqual(['method "template-name"']);
  expect(faults).toEqual([]);
});
