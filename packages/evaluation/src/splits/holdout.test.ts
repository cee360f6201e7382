import { describe, expect, it } from 'vitest';
import { holdout } from './holdout.js';

describe('holdout', () => {
  const labels = Int32Array.from({ length: 211 }, (_, i) => (i === 0 ? 2 : i < 31 ? 1 : 0));

  it('holds out a tenth of each label, nothing of a label with one example, and always the same examples', () => {
    const { train, heldOut } = holdout(labels, 0.1);
    const counts = [0, 0, 0];
    for (const i of heldOut) counts[labels[i]!]!++;
    expect(counts).toEqual([18, 3, 0]);
    expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    expect(holdout(labels, 0.1)).toEqual({ train, heldOut });
  });

  it('divides no group', () => {
    const groups = labels.map((_, i) => Math.floor(i / 7));
    const { train, heldOut } = holdout(labels, 0.1, groups);
    const inTrain = new Set(train.map((i) => groups[i]!));
    expect(heldOut.length).toBe(21);
    expect(heldOut.some((i) => inTrain.has(groups[i]!))).toBe(false);
  });

  it('falls back to labels if all examples belong to one group', () => {
    expect(holdout(labels, 0.1, new Int32Array(211))).toEqual(holdout(labels, 0.1));
  });
});
