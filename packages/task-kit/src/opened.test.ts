import { testContext } from '@medbench/core/testing';
import { expect, it } from 'vitest';
import { OpenedData } from './opened.js';

it('opened data is kept for the latest context, and opened again after a failure', async () => {
  const opened = new OpenedData<number>();
  let count = 0;
  const open = async () => ++count;
  const [first, other] = [testContext({ seed: 0 }), testContext({ seed: 1 })];
  expect([await opened.get(first, open), await opened.get({ ...first }, open)]).toEqual([1, 1]);
  expect([await opened.get(other, open), await opened.get(first, open)]).toEqual([2, 3]);
  const broken = new OpenedData<number>();
  await expect(broken.get(first, () => Promise.reject(new Error('once')))).rejects.toThrow('once');
  expect(await broken.get(first, open)).toBe(4);
});
