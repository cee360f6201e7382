import { type MethodInput, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import * as inputs from './inputs.js';

const example = { image: { width: 1, height: 1, channels: 1 as const, data: new Uint8Array(1) }, caption: '' };
const draw = (input: MethodInput, seed: number): number[] => Array.from(input.draw(example, random(seed, 'test')));

describe('inputs of random patches', () => {
  it.each([
    [196, 0.75, 49],
    [9, 0.5, 4],
    [4, 0.99, 1],
    [16, 0, 16],
  ])('of %i patches with a fraction of %d dropped, %i remain', (count, dropped, kept) => {
    expect(inputs.patchesKept(count, dropped)).toBe(kept);
  });

  it('keep different patches for each seed, ascending, each at most once', () => {
    const draws = Array.from({ length: 200 }, (_, seed) => draw(inputs.keptPatches(9, 4), seed));
    for (const kept of draws) {
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      expect(kept).toHaveLength(4);
    }
    const counts = Array.from({ length: 9 }, (_, patch) => draws.filter((kept) => kept.includes(patch)).length);
    // Each patch is kept 200 x 4 / 9 = 89 times on average.
    for (const count of counts) expect(Math.abs(count - 89)).toBeLessThan(30);
  });

  it('shuffle all patches', () => {
    const order = draw(inputs.shuffledPatches(9), 1);
    expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(draw(inputs.shuffledPatches(9), 2)).not.toEqual(order);
  });

  it.each([inputs.keptPatches(9, 4), inputs.shuffledPatches(9)])(
    'carry a recipe that makes the same input',
    (input) => {
      const { module, export: name, arguments: values } = input.recipe!;
      const make = (inputs as unknown as Record<string, (...values: readonly unknown[]) => MethodInput>)[name]!;
      expect(module).toMatch(/inputs\.ts$/);
      expect(draw(make(...values), 7)).toEqual(draw(input, 7));
    },
  );
});
