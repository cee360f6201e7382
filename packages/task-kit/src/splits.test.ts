import { random } from '@medbench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSplit } from './splits.js';

const count = (labels: Int32Array, indices: Int32Array, label: number): number =>
  indices.reduce((sum, i) => sum + (labels[i] === label ? 1 : 0), 0);

describe('testSplit', () => {
  it('matches the published label counts of two data sets', () => {
    const expand = (counts: readonly number[]) => Int32Array.from(counts.flatMap((n, label) => Array(n).fill(label)));
    // HAM10000 and PAD-UFES-20: 20 % of each diagnosis, rounded by largest remainders.
    for (const [counts, test] of [
      [
        [327, 514, 1099, 115, 1113, 6705, 142],
        [65, 103, 220, 23, 223, 1341, 28],
      ],
      [
        [845, 52, 192, 730, 244, 235],
        [169, 11, 38, 146, 49, 47],
      ],
    ] as const) {
      const labels = expand(counts);
      const split = testSplit(labels, 0.2);
      expect(counts.map((_, label) => count(labels, split.test, label))).toEqual(test);
    }
  });

  it('never divides a group, loses no example, and is the same each time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ group: fc.nat(20), label: fc.nat(3) }), { minLength: 2, maxLength: 120 }),
        fc.constantFrom(0.1, 0.2, 0.25, 0.5),
        (examples, share) => {
          const labels = Int32Array.from(examples, ({ label }) => label);
          const groups = Int32Array.from(examples, ({ group }) => group);
          const { train, test } = testSplit(labels, share, groups);
          expect([...train, ...test].sort((a, b) => a - b)).toEqual([...labels.keys()]);
          const testGroups = new Set(test.map((i) => groups[i]!));
          for (const i of train) expect(testGroups.has(groups[i]!)).toBe(false);
          expect(testSplit(labels, share, groups)).toEqual({ train, test });
          // Each label that occurs in at least two groups is in the test split.
          for (const label of new Set(labels)) {
            const showing = new Set(groups.filter((_, i) => labels[i] === label));
            if (showing.size > 1) expect(count(labels, test, label)).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it('keeps the shares of labels even if some groups are large', () => {
    const draw = random(1, 'test');
    const groups: number[] = [];
    const labels: number[] = [];
    // Like HAM10000: 7,470 lesions of one diagnosis each, of which a quarter has several images.
    for (let group = 0; group < 7470; group++) {
      const label = draw.pick([0, 0, 0, 0, 0, 0, 1, 1, 2]);
      for (let i = draw.pick([1, 1, 1, 1 + draw.integer(5)]); i > 0; i--) {
        groups.push(group);
        labels.push(label);
      }
    }
    const allLabels = Int32Array.from(labels);
    const { test } = testSplit(allLabels, 0.2, Int32Array.from(groups));
    expect(test.length).toBe(Math.round(0.2 * allLabels.length));
    for (const label of [0, 1, 2]) {
      const exact = 0.2 * labels.filter((value) => value === label).length;
      expect(Math.abs(count(allLabels, test, label) - exact)).toBeLessThan(1);
    }
  });
});
