import { use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Gloria } from './index.js';

it('gloria is CLIP plus the local loss at its weight', () => {
  expect(new Gloria().objectives({ lambda: 2, width: 16 })).toEqual([
    use('clip'),
    use('gloria', { weight: 2, width: 16 }),
  ]);
});
