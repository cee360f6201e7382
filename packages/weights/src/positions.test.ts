import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resizePositions } from './index.js';

interface Case {
  readonly from: number;
  readonly to: number;
  readonly values: readonly number[];
}
const cases: Case[] = JSON.parse(readFileSync(new URL('../fixtures/positions.json', import.meta.url), 'utf8'));

describe('position tables are resized as open_clip does', () => {
  it.each(cases)('from $from² to $to² patches', ({ from, to, values }) => {
    const rows = 1 + from ** 2;
    const data = Float32Array.from({ length: rows * 2 }, (_, i) => Math.sin(i * 0.37));
    const resized = resizePositions({ shape: [rows, 2], dtype: 'float32', data }, 1 + to ** 2);
    expect(resized.shape).toEqual([1 + to ** 2, 2]);
    values.forEach((value, i) => expect(Math.abs(resized.data[i]! - value)).toBeLessThan(2e-6));
  });
});
