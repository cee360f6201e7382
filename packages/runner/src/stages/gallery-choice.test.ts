import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseExamples } from './gallery-choice.js';

const rows = fc.integer({ min: 1, max: 6 }).chain((methods) =>
  fc.integer({ min: 1, max: 40 }).chain((candidates) =>
    fc.array(fc.array(fc.boolean(), { minLength: candidates, maxLength: candidates }), {
      minLength: methods,
      maxLength: methods,
    }),
  ),
);

describe('chooseExamples', () => {
  it('shows right and wrong answers wherever both occur', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 8 }), (right, count) => {
        const chosen = chooseExamples(right, count);
        expect(chosen).toHaveLength(Math.min(count, right[0]!.length));
        expect(new Set(chosen).size).toBe(chosen.length);
        expect([...chosen].sort((a, b) => a - b)).toEqual(chosen);
        for (const outcome of [true, false]) {
          const occurs = right.some((row) => row.includes(outcome));
          expect(right.some((row) => chosen.some((i) => row[i] === outcome))).toBe(occurs);
        }
      }),
    );
  });

  it('prefers examples on which rows disagree, then one that all get wrong and one that all get right', () => {
    const right = [
      [true, true, false, false, true, false],
      [true, false, false, true, true, false],
    ];
    expect(chooseExamples(right, 4)).toEqual([0, 1, 2, 3]);
  });
});
