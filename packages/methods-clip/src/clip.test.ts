import { pluginMetadata, use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Clip } from './index.js';

it("clip is CLIP's loss alone, starts from general weights, and freezes nothing", () => {
  const method = new Clip();
  expect(method.objectives()).toEqual([use('clip')]);
  expect(method.start).toBe('general');
  expect('frozen' in method).toBe(false);
  expect(pluginMetadata(Clip)).toMatchObject({ kind: 'method', info: { id: 'clip', extension: false } });
});
