import { pluginMetadata, use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Siglip } from './index.js';

it('siglip is the sigmoid loss alone, and starts from general weights', () => {
  const method = new Siglip();
  expect(method.objectives()).toEqual([use('siglip')]);
  expect(method.start).toBe('general');
  expect(pluginMetadata(Siglip)).toMatchObject({ info: { id: 'siglip', extension: true } });
});
