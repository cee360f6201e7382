import { pluginMetadata, use } from '@medbench/core';
import { expect, it } from 'vitest';
import { ClipScratch } from './index.js';

it("clip-scratch is CLIP's loss alone, starts from scratch, and freezes nothing", () => {
  const method = new ClipScratch();
  expect(method.objectives()).toEqual([use('clip')]);
  expect(method.start).toBe('scratch');
  expect('frozen' in method).toBe(false);
  expect(pluginMetadata(ClipScratch)).toMatchObject({ kind: 'method', info: { id: 'clip-scratch', extension: false } });
});
