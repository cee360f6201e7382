import { describe, expect, it } from 'vitest';
import { longTail, withBalance } from './balance.js';

const counts = (labels: Int32Array, kept: Int32Array): number[] => {
  const perClass = [0, 0, 0];
  for (const i of kept) perClass[labels[i]!]!++;
  return perClass;
};
const even = Int32Array.from({ length: 3000 }, (_, i) => i % 3);

describe('longTail', () => {
  it('leaves class sizes that fall geometrically from the largest class to the smallest', () => {
    expect(counts(even, longTail(even, 1))).toEqual([1000, 1000, 1000]);
    expect(counts(even, longTail(even, 100))).toEqual([1000, 100, 10]);
    expect(counts(even, longTail(even, 1e6))).toEqual([1000, 1, 1]);
  });

  it('thins less frequent classes more, and does not thin classes that are small enough', () => {
    const labels = Int32Array.from([...Array(10).fill(0), ...Array(400).fill(1), ...Array(90).fill(2)]);
    expect(counts(labels, longTail(labels, 1))).toEqual([10, 400, 90]);
    expect(counts(labels, longTail(labels, 16))).toEqual([10, 400, 90]);
    expect(counts(labels, longTail(labels, 100))).toEqual([4, 400, 40]);
  });

  it('keeps a subset of the examples of a weaker imbalance, in order and always the same ones', () => {
    const weak = longTail(even, 20);
    const strong = longTail(even, 100);
    expect(strong.every((i) => weak.includes(i))).toBe(true);
    expect([...strong]).toEqual([...strong].sort((a, b) => a - b));
    expect(longTail(even, 100)).toEqual(strong);
    expect(longTail(new Int32Array(0), 5)).toHaveLength(0);
  });
});

describe('withBalance', () => {
  it('keeps images, labels and groups together', async () => {
    const split = {
      images: {
        length: 3000,
        get: async (i: number) => ({ width: i, height: 1, channels: 1 as const, data: new Uint8Array(0) }),
      },
      labels: even,
      groups: Int32Array.from({ length: 3000 }, (_, i) => i),
      groupNames: Array.from({ length: 3000 }, (_, i) => `p${i}`),
    };
    expect(withBalance(split, {})).toBe(split);
    const thinned = withBalance(split, { imbalance: 100 });
    expect(thinned.images.length).toBe(1110);
    for (const index of [0, 500, 1109]) {
      const original = thinned.groups![index]!;
      expect((await thinned.images.get(index)).width).toBe(original);
      expect(thinned.labels[index]).toBe(original % 3);
      expect(thinned.groupNames![index]).toBe(`p${original}`);
    }
  });
});
