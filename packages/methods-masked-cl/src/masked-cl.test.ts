import { use } from '@medbench/core';
import { expect, it } from 'vitest';
import { MaskedCl } from './index.js';

const settings = { ratio: 0.4, lambda: 2, temperature: 0.2, hidden: 32, output: 16, momentum: 0.9 } as const;

it.each([
  ['view', use('masked-views', { weight: 2, ratio: 0.4, temperature: 0.2, hidden: 32, output: 16 })],
  ['ema', use('masked-features', { weight: 2, ratio: 0.4, momentum: 0.9 })],
  ['pixels', use('masked-pixels', { weight: 2, ratio: 0.4 })],
] as const)('masked-cl is CLIP plus λ times the loss on masked images: %s', (target, masked) => {
  expect(new MaskedCl().objectives({ ...settings, target })).toEqual([use('clip'), masked]);
});
