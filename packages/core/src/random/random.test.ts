import { describe, expect, it } from 'vitest';
import { random } from './index.js';

describe('random', () => {
  it('gives the same stream for the same seed and names, and another stream otherwise', () => {
    const draw = (...key: [number, ...(string | number)[]]) => Array.from({ length: 4 }, random(...key).uniform);
    expect(draw(7, 'order', 1)).toEqual(draw(7, 'order', 1));
    expect(draw(7, 'order', 1)).not.toEqual(draw(7, 'order', 2));
    expect(draw(7, 'order', 1)).not.toEqual(draw(8, 'order', 1));
    expect(draw(7, 'a', 'b')).not.toEqual(draw(7, 'ab'));
  });

  it('is uniform on [0, 1) and standard normal within sampling error', () => {
    const n = 100_000;
    const stream = random(1, 'moments');
    const uniform = Array.from({ length: n }, () => stream.uniform());
    const normal = Array.from({ length: n }, () => stream.normal());
    const moment = (values: number[], power: number) => values.reduce((sum, x) => sum + x ** power, 0) / n;
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(Math.abs(moment(uniform, 1) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(moment(uniform, 2) - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / n));
    expect(Math.abs(moment(normal, 1))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(moment(normal, 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(normal, 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  });

  it('permutes every index exactly once', () => {
    expect([...random(3).permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
