import { describe, expect, it } from 'vitest';
import { makespan } from './schedule.js';

const free = (seconds: number) => ({ seconds, waits: false });
const bound = (seconds: number) => ({ seconds, waits: true });

describe('makespan', () => {
  it('is the sum on one process', () => {
    expect(makespan({ first: 5, units: [bound(3), free(2), bound(4)], perProcess: 1 }, 1)).toBe(1 + 5 + 3 + 2 + 4);
  });

  it('divides equal units evenly, and no further than there are units', () => {
    const units = Array.from({ length: 12 }, () => bound(10));
    for (const processes of [1, 2, 3, 4, 6, 12]) {
      expect(makespan({ first: 7, units, perProcess: 2 }, processes)).toBe(2 + 7 + (12 / processes) * 10);
    }
    expect(makespan({ first: 7, units, perProcess: 2 }, 100)).toBe(2 + 7 + 10);
  });

  it('lets other processes take what waits for nothing while the first makes the weights', () => {
    // The second process has 4 + 4 done at 8; the weights are there at 10; then two units of 5 each side by side.
    expect(makespan({ first: 10, units: [bound(5), bound(5), free(4), free(4)], perProcess: 0 }, 2)).toBe(15);
    // With no other work it waits.
    expect(makespan({ first: 10, units: [bound(5), bound(5)], perProcess: 0 }, 2)).toBe(15);
  });

  it('is at least the longest unit, and at most twice the best possible', () => {
    const units = [7, 7, 6, 6, 5, 4, 4, 4].map(free);
    const sum = units.reduce((total, { seconds }) => total + seconds, 0);
    const seconds = makespan({ first: 0, units, perProcess: 0 }, 3);
    expect(seconds).toBeGreaterThanOrEqual(sum / 3);
    expect(seconds).toBeLessThanOrEqual(sum / 3 + 7);
  });
});
