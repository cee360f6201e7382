import { expect, it } from 'vitest';
import { deviceShares } from './devices.js';

it.each([
  ['no accelerator', undefined, undefined, []],
  ['one each', { present: 3, each: 1 }, undefined, ['0', '1', '2']],
  ['two each, and one over', { present: 5, each: 2 }, undefined, ['0,1', '2,3']],
  ['those that this process may use', { present: 2, each: 1 }, '6,GPU-a1', ['6', 'GPU-a1']],
  ['fewer than one process takes', { present: 1, each: 2 }, undefined, []],
])('divides accelerators: %s', (_, devices, visible, shares) => {
  expect(deviceShares(devices, visible)).toEqual(shares);
});
