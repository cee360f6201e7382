import { use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Filip } from './index.js';

it('filip is CLIP plus the token-wise loss at its weight, or the token-wise loss alone', () => {
  const method = new Filip();
  expect(method.objectives({ global: true, lambda: 2, width: 16 })).toEqual([
    use('clip'),
    use('filip', { weight: 2, width: 16 }),
  ]);
  expect(method.objectives({ global: false, lambda: 2, width: 16 })).toEqual([use('filip', { width: 16 })]);
});
