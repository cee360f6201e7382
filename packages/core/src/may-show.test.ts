import { expect, it } from 'vitest';
import { isRestricted, mayShow } from './may-show.js';

it('shows generated data, open data if its info says so, and no data under an agreement or credentials', () => {
  expect(mayShow({ access: 'generated' })).toBe(true);
  expect(mayShow({ access: 'generated', images: 'withheld' })).toBe(false);
  expect(mayShow({ access: 'open' })).toBe(false);
  expect(mayShow({ access: 'open', images: 'shown' })).toBe(true);
  for (const access of ['agreement', 'credentialed'] as const) {
    for (const images of ['shown', 'withheld', undefined] as const) expect(mayShow({ access, images })).toBe(false);
  }
});

it('treats data under an agreement or for credentialed readers as restricted', () => {
  const restricted = (['open', 'generated', 'agreement', 'credentialed', undefined] as const).filter(isRestricted);
  expect(restricted).toEqual(['agreement', 'credentialed']);
});
