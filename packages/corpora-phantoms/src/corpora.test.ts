import { testContext } from '@medbench/core/testing';
import { expect, it } from 'vitest';
import { sharedCache } from '../../../tests/support/phantoms.js';
import { Phantoms, Shapes } from './index.js';

const cacheRoot = await sharedCache();

it.each([
  ['phantoms', new Phantoms()],
  ['shapes', new Shapes()],
] as const)('%s: opens pairs of images and captions, which are marked as generated', async (_, corpus) => {
  const { pairs, synthetic, fingerprint } = await corpus.open(testContext({ cacheRoot }));
  expect(synthetic).toBe(true);
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(pairs.length).toBe(3000);
  const { image, caption } = await pairs.get(2999);
  expect([image.width, image.height]).toEqual([64, 64]);
  expect(caption.split(' ').length).toBeGreaterThan(3);
});
