import type { ImageTextPair, Source } from '@medbench/core';
import { clipTokenizer } from '@medbench/data';
import { describe, expect, it } from 'vitest';
import { batchLoader } from './loader.js';

/** Images of a single grey level each, so that any pixel identifies its image. */
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

/** Identifies the images of a batch by their first red value. */
const levels = (images: ArrayLike<number>): number[] =>
  Array.from({ length: 6 }, (_, row) => Math.round((images[row * 8 * 8 * 3]! * 0.26862954 + 0.48145466) * 25.5));

describe('batchLoader', () => {
  it('makes the same batch for a step, whichever batches were made before', async () => {
    const used = batchLoader(options);
    for (let step = 0; step < 5; step++) await used(step);
    const fresh = batchLoader(options);
    expect(await fresh(4)).toEqual(await used(4));
    expect((await fresh(3)).ids).not.toEqual((await used(4)).ids);
  });

  it('keeps each image with its caption', async () => {
    const { images, ids } = await batchLoader(options)(0);
    expect(images!.shape).toEqual([6, 8, 8, 3]);
    expect(ids!.shape).toEqual([6, 16]);
    const { tokenizer } = options;
    const captions = levels(images!.data).map((level) => `case ${level}`);
    expect(ids!.data).toEqual(tokenizer.encodeBatch(captions, 16));
  });

  it('shows every image once per epoch, in another order in each epoch', async () => {
    const load = batchLoader(options);
    const epoch = async (firstStep: number): Promise<number[]> => {
      const levelsSeen: number[] = [];
      for (let step = firstStep; step < firstStep + 3; step++)
        levelsSeen.push(...levels((await load(step)).images!.data));
      return levelsSeen;
    };
    const [firstEpoch, secondEpoch] = [await epoch(0), await epoch(3)];
    expect(new Set(firstEpoch).size).toBe(18);
    expect(new Set(secondEpoch).size).toBe(18);
    expect(firstEpoch).not.toEqual(secondEpoch);
  });
});
