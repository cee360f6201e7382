import type { Source } from '@medbench/core';
import type { ClassificationData, MultiLabelData, RetrievalData, VqaData } from '@medbench/evaluation';
import { describe, expect, it } from 'vitest';
import { reduceData, reduceImages } from './reduce.js';
import { extendMatrix } from './sampled-model.js';

/** A source whose elements are their own indices. */
const indices = (length: number): Source<never> => ({ length, get: async (index) => index as never });
const read = ({ length, get }: Source<unknown>): Promise<unknown[]> =>
  Promise.all(Array.from({ length }, (_, i) => get(i)));

describe('reduceData', () => {
  it('leaves small data as they are', () => {
    const data = { test: { images: indices(10), labels: new Int32Array(10) } } as unknown as ClassificationData;
    expect(reduceData('classification', data, 10)).toEqual({ data, total: 10, used: 10 });
  });

  it('keeps every class of each split, with its images', async () => {
    const labels = Int32Array.from({ length: 1000 }, (_, i) => (i === 999 ? 2 : i % 2));
    const split = { images: indices(1000), labels };
    const data = {
      train: split,
      test: split,
      classes: ['a', 'b', 'rare'],
      prompts: [],
    } as unknown as ClassificationData;
    const { data: reduced, total, used } = reduceData('classification', data, 200);
    const { train, test, classes } = reduced as ClassificationData;
    expect([total, classes.length]).toEqual([2000, 3]);
    expect(used).toBe(train!.labels.length + test.labels.length);
    expect(Math.abs(used - 200)).toBeLessThanOrEqual(4);
    expect([...new Set(train!.labels)].sort()).toEqual([0, 1, 2]);
    const images = (await read(train!.images)) as number[];
    expect(images.map((image) => labels[image])).toEqual([...train!.labels]);
  });

  it('keeps the labels of images that may have several', async () => {
    const targets = Int32Array.from({ length: 300 }, (_, i) => (Math.floor(i / 3) % 3 === i % 3 ? 1 : 0));
    const data = { test: { images: indices(100), targets }, labelNames: ['a', 'b', 'c'] } as unknown as MultiLabelData;
    const { test } = reduceData('multi-label', data, 25).data as MultiLabelData;
    const images = (await read(test.images)) as number[];
    expect(images).toHaveLength(25);
    expect([...test.targets]).toEqual(images.flatMap((image) => [...targets.subarray(3 * image, 3 * image + 3)]));
  });

  it('keeps the texts of each image that is kept', async () => {
    const imageOfText = Int32Array.from({ length: 80 }, (_, i) => Math.floor(i / 2));
    const texts = Array.from(imageOfText, (image, i) => `${image}/${i % 2}`);
    const data: RetrievalData = { images: indices(40), texts, imageOfText };
    const { data: reduced, used } = reduceData('retrieval', data, 10);
    const kept = reduced as RetrievalData;
    const images = await read(kept.images);
    expect([used, kept.texts.length]).toEqual([10, 20]);
    expect(kept.texts.map((text) => Number(text.split('/')[0]))).toEqual(
      Array.from(kept.imageOfText, (image) => images[image]),
    );
  });

  it('keeps all questions of an image, of either split', async () => {
    const ask = (count: number, from: number) =>
      Array.from({ length: count }, (_, i) => ({
        ...{ image: from + Math.floor(i / 4), question: `of ${from + Math.floor(i / 4)}`, answer: 'yes' },
        type: 'closed' as const,
      }));
    const data: VqaData = { images: indices(50), train: ask(160, 0), test: ask(40, 40), minAnswerCount: 3 };
    const { data: reduced, total, used } = reduceData('vqa', data, 50);
    const kept = reduced as VqaData;
    const images = await read(kept.images);
    expect([total, used, images.length]).toEqual([200, kept.train.length + kept.test.length, used / 4]);
    for (const { image, question } of [...kept.train, ...kept.test]) expect(question).toBe(`of ${images[image]}`);
    // Of few questions no answer is common.
    expect(kept.minAnswerCount).toBe(1);
  });

  it('leaves data of a kind that it does not know', () => {
    expect(reduceData('segmentation', 'data', 1)).toEqual({ data: 'data', total: 1, used: 1 });
  });
});

it('takes images evenly', async () => {
  expect(await read(reduceImages(indices(100), 4))).toEqual([0, 25, 50, 75]);
  const few = indices(3);
  expect(reduceImages(few, 4)).toBe(few);
});

describe('extendMatrix', () => {
  const matrix = { rows: 2, cols: 4, data: Float32Array.of(1, 0, 0, 0, 0, 0.6, 0.8, 0) };

  it('begins with the given rows, and adds rows of unit length near them', () => {
    const extended = extendMatrix(matrix, 5, true);
    expect([extended.rows, extended.cols]).toEqual([5, 4]);
    expect([...extended.data.subarray(0, 8)]).toEqual([...matrix.data]);
    for (let row = 2; row < 5; row++) {
      const [one, like] = [row, row % 2].map((r) => extended.data.subarray(4 * r, 4 * r + 4));
      expect(Math.hypot(...one!)).toBeCloseTo(1, 5);
      expect(one!.reduce((sum, x, i) => sum + x * like![i]!, 0)).toBeGreaterThan(0.5);
    }
  });

  it('returns a matrix that has the rows', () => expect(extendMatrix(matrix, 2, false)).toBe(matrix));
});
