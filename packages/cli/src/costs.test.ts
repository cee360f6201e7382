import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatEnergy } from './costs.js';

it.each([
  [0.25, '0.3 s'],
  [38, '38 s'],
  [252, '4.2 min'],
  [2.4 * 3600, '2.4 h'],
  [47 * 3600, '47 h'],
  [498 * 86_400, '498 days'],
  [12_000 * 86_400, '12,000 days'],
])('%s seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

it.each([
  [512, '0.5 KiB'],
  [62 * 2 ** 20, '62 MiB'],
  [1.4 * 2 ** 30, '1.4 GiB'],
])('%s bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it.each([
  [12_376, '3.4 Wh'],
  [65 * 24 * 3600 * 498, '777 kWh'],
])('%s joules are %s', (joules, text) => expect(formatEnergy(joules)).toBe(text));
