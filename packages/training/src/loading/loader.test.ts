import type { ImageTextPair, Source } from '@medbench/core';
import { clipTokenizer } from '@medbench/data';
import { describe, expect, it } from 'vitest';
import { batchLoader } from './loader.js';

/** Images of one grey level each, so that a pixel tells which image it is. */
const pairs: Source<ImageTextPair> = {
  length: 20,
  get: async (i) => ({
    image: { width: 12, height: 10, channels: 1, data: new Uint8Array(120).fill(i * 10) },
    caption: `case ${i}`,
  }),
};
const options = {
  pairs,
  tokenizer: clipTokenizer({ merges: 100 }),
  imageSize: 8,
  contextLength: 16,
  batchSize: 6,
  cropScale: [0.9, 1] as const,
  seed: 3,
};

/** Which images a batch holds, from their first red value. */
const levels = (images: ArrayLike<number>): number[] =>
  Array.from({ length: 6 }, (_, row) => Math.round((images[row * 8 * 8 * 3]! * 0.26862954 + 0.48145466) * 25.5));

describe('batchLoader', () => {
  it('makes the same batch for a step whatever was asked before', async () => {
    const once = batchLoader(options);
    for (let step = 0; step < 5; step++) await once(step);
    const again = batchLoader(options);
    expect(await again(4)).toEqual(await once(4));
    expect((await again(3)).ids).not.toEqual((await once(4)).ids);
  });

  it('keeps image and caption together', async () => {
    const { images, ids } = await batchLoader(options)(0);
    expect(images!.shape).toEqual([6, 8, 8, 3]);
    expect(ids!.shape).toEqual([6, 16]);
    const { tokenizer } = options;
    const captions = levels(images!.data).map((level) => `case ${level}`);
    expect(ids!.data).toEqual(tokenizer.encodeBatch(captions, 16));
  });

  it('shows every image once an epoch, in another order each time', async () => {
    const load = batchLoader(options);
    const epoch = async (first: number): Promise<number[]> => {
      const seen: number[] = [];
      for (let step = first; step < first + 3; step++) seen.push(...levels((await load(step)).images!.data));
      return seen;
    };
    const [one, two] = [await epoch(0), await epoch(3)];
    expect(new Set(one).size).toBe(18);
    expect(new Set(two).size).toBe(18);
    expect(one).not.toEqual(two);
  });
});
