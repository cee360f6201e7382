import { expect, it } from 'vitest';
import { checkedDevices } from './devices.js';

const backend = (devices?: number) => ({
  id: 'gpu',
  status: async () => ({ available: true, reason: 'works', ...(devices ? { devices } : {}) }),
});
const BATCH = { batchSize: 8, chunkSize: null };

it.each([
  ['one device, on any backend and of any batch', backend(), { ...BATCH, batchSize: 7 }, 1],
  ['one device, if it is asked for', backend(), { ...BATCH, devices: 1 }, 1],
  ['all that the backend has', backend(4), { ...BATCH, devices: 4 }, 4],
  ['those that divide a chunk', backend(4), { batchSize: 8, chunkSize: 4, devices: 2 }, 2],
  ['those that do not divide a chunk larger than the batch', backend(4), { batchSize: 8, chunkSize: 9, devices: 2 }, 2],
])('a training has %s', async (_, from, training, expected) => {
  expect(await checkedDevices(from, training)).toBe(expected);
});

it.each([
  [{ ...BATCH, devices: 3 }, 'training.batchSize is 8, which training.devices=3 cannot divide'],
  [{ batchSize: 8, chunkSize: 2, devices: 4 }, 'training.chunkSize is 2, which training.devices=4 cannot divide'],
  [{ ...BATCH, devices: 8 }, 'training.devices is 8, and the backend gpu has 4'],
])('a training with %o is refused', async (training, message) => {
  await expect(checkedDevices(backend(4), training)).rejects.toMatchObject({ code: 'config', message });
});

it('a backend that names no number has one device', async () => {
  await expect(checkedDevices(backend(), { ...BATCH, devices: 2 })).rejects.toThrow('the backend gpu has 1');
});
