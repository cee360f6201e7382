import { expect, it } from 'vitest';
import { toLines } from './jsonl.js';

it('prints one line for the points that were logged together', () => {
  const unit = { name: 'clip/seed-0-generated', row: 'clip', seed: 0, generated: true };
  const time = Date.UTC(2026, 0, 1);
  const lines = toLines('demo', unit, [
    { curve: 'training/loss', step: 0, time, value: 4 },
    { curve: 'training/learningRate', step: 0, time, value: 0.001 },
    { curve: 'training/loss', step: 10, time: time + 1, value: 3 },
  ]);
  const parsed = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const about = { run: 'demo', unit: 'clip/seed-0-generated', row: 'clip', seed: 0, generated: true };
  expect(parsed).toEqual([
    {
      ...about,
      time: '2026-01-01T00:00:00.000Z',
      step: 0,
      values: { 'training/loss': 4, 'training/learningRate': 0.001 },
    },
    { ...about, time: '2026-01-01T00:00:00.001Z', step: 10, values: { 'training/loss': 3 } },
  ]);
});
