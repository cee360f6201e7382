import { use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Coca } from './index.js';

it('coca is CLIP plus the captioning loss at its weight', () => {
  expect(new Coca().objectives({ caption: 3, layers: 'auto', queries: 6 })).toEqual([
    use('clip'),
    use('captioning', { weight: 3, layers: 'auto', queries: 6 }),
  ]);
});
