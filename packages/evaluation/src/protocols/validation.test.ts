import { type EvaluationModel, measureAll } from '@medbench/core';
import { randomModel } from '@medbench/core/testing';
import { describe, expect, it } from 'vitest';
import type { LabelledImages } from '../splits/labelled-images.js';
import { testProtocols } from '../testing/index.js';
import { measureRetrieval } from './retrieval.js';
import { validationData } from './validation.js';

const image = (value: number) => ({ width: 2, height: 2, channels: 1 as const, data: new Uint8Array(4).fill(value) });
const split = (length: number, get = async (i: number) => image(i)): LabelledImages => ({
  images: { length, get },
  labels: Int32Array.from({ length }, (_, i) => i % 2),
});
const unread = split(30, async () => {
  throw new Error('the test split was read');
});
/** A model that reads the images that it embeds. */
const reading: EvaluationModel = {
  ...randomModel(1),
  async embedImages(images, as) {
    await images.get(0);
    return randomModel(1).embedImages(images, as);
  },
};
const spec = { classes: ['a', 'b'], prompts: ['{}'] };
const bindBoth = (split: 'test' | 'val') => testProtocols(['zero-shot', 'linear-probe'], { split });

describe('evaluation.split=val', () => {
  it('measures on the validation split and never reads the test split', async () => {
    const data = { train: split(40), val: split(20), test: unread, ...spec };
    const results = await measureAll(bindBoth('val'), reading, data);
    expect(results.map(({ protocol, n }) => [protocol, n])).toEqual([
      ['zero-shot', 20],
      ['linear-probe', 20],
    ]);
    expect(results[0]!.notes).toContain('measured on validation images, not on the test split');
    await expect(measureAll(bindBoth('test'), reading, data)).rejects.toThrow('the test split was read');
  });

  it('holds out a tenth of the training split if there is no validation split, and names both parts apart', () => {
    const { train, val, test } = validationData({ train: split(40), test: unread });
    expect([train!.labels.length, test.labels.length, val]).toEqual([36, 4, undefined]);
    expect([train!.as, test.as]).toEqual(['train-kept', 'train-held']);
  });

  it('refuses protocols without a validation split', async () => {
    const data = { images: split(4).images, texts: ['a'], imageOfText: new Int32Array(1) };
    await expect(measureRetrieval(randomModel(1), data, { seed: 0, split: 'val' })).rejects.toThrow('test split only');
  });
});
