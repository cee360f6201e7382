import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resizePositions } from './index.js';

interface Case {
  readonly from: number;
  readonly to: number;
  /** Rows before the grid. timm's tables have a leading axis. */
  readonly prefix: 0 | 1;
  readonly by: 'open_clip' | 'timm';
  readonly values: readonly number[];
}
const cases: Case[] = JSON.parse(readFileSync(new URL('../fixtures/positions.json', import.meta.url), 'utf8'));

describe('position tables are resized', () => {
  it.each(cases)('as $by does from $from² to $to² patches after $prefix tokens', ({ from, to, prefix, by, values }) => {
    const rows = prefix + from ** 2;
    const data = Float32Array.from({ length: rows * 2 }, (_, i) => Math.sin(i * 0.37));
    const axis = by === 'timm' ? [1] : [];
    const resized = resizePositions({ shape: [...axis, rows, 2], dtype: 'float32', data }, prefix + to ** 2);
    expect(resized.shape).toEqual([...axis, prefix + to ** 2, 2]);
    values.forEach((value, i) => expect(Math.abs(resized.data[i]! - value)).toBeLessThan(2e-6));
  });
});

it('a table whose size is no grid, or that would lose its class token, is refused', () => {
  const table = (rows: number) => ({ shape: [rows, 1], dtype: 'float32', data: new Float32Array(rows) }) as const;
  expect(() => resizePositions(table(17), 9)).toThrow('17 positions cannot be resized to 9');
  expect(() => resizePositions(table(12), 10)).toThrow('12 positions cannot be resized to 10');
});
