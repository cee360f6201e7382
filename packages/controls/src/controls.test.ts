import { pluginMetadata, type RasterImage, type Source } from '@medbench/core';
import { measureLinearProbe, measureZeroShot } from '@medbench/evaluation';
import { describe, expect, it } from 'vitest';
import { bagOfWords, Chance, Majority, QuestionOnly, RawPixels, Untrained } from './index.js';

const flat = (value: number, side = 28): RasterImage => ({
  width: side,
  height: side,
  channels: 1,
  data: new Uint8Array(side * side).fill(value),
});
const imageSource = (images: RasterImage[]): Source<RasterImage> => ({
  length: images.length,
  get: async (i) => images[i]!,
});

describe('raw-pixels', () => {
  it('returns the pixels in [0, 1] of images resized to 28 pixels', async () => {
    const model = await new RawPixels().model();
    const { rows, cols, data } = await model.imageFeatures(imageSource([flat(255), flat(51, 60)]));
    expect([rows, cols]).toEqual([2, 784]);
    expect(data[0]).toBe(1);
    expect(data[784 + 300]).toBeCloseTo(0.2, 6);
  });

  it('returns colour if any image has it', async () => {
    const red: RasterImage = {
      width: 28,
      height: 28,
      channels: 3,
      data: Uint8Array.from({ length: 784 * 3 }, (_, i) => (i % 3 === 0 ? 255 : 0)),
    };
    const { cols, data } = await (await new RawPixels().model()).imageFeatures(imageSource([flat(0), red]));
    expect(cols).toBe(16 * 16 * 3);
    expect([data[cols], data[cols + 1]]).toEqual([1, 0]);
  });
});

describe('question-only', () => {
  it('sees words, not their order or case', () => {
    const { cols, data } = bagOfWords(['Is there a mass?', 'there is: A MASS', 'is there a nodule?', '']);
    const row = (i: number) => [...data.subarray(i * cols, (i + 1) * cols)];
    expect(row(0)).toEqual(row(1));
    expect(row(0)).not.toEqual(row(2));
    expect(Math.hypot(...row(2))).toBeCloseTo(1, 6);
    expect(Math.hypot(...row(3))).toBe(0);
  });

  it('refuses images', async () => {
    const model = await new QuestionOnly().model();
    expect(model.can).toEqual({ images: false, texts: true, joint: false });
    await expect(model.embedImages(imageSource([flat(0)]))).rejects.toThrow('never sees an image');
  });
});

describe('controls for images only', () => {
  it.each([
    ['raw-pixels', new RawPixels(), 'Raw pixels share no space with text'],
    ['majority', new Majority(), 'The majority shares no space with text'],
  ])('%s refuses texts', async (id, control, refusal) => {
    const model = await control.model();
    expect(model).toMatchObject({ id, can: { images: true, texts: false, joint: false } });
    await expect(model.embedTexts(['an image'])).rejects.toThrow(refusal);
  });
});

it('only the untrained encoder needs towers', () => {
  const info = [Chance, Majority, QuestionOnly, RawPixels, Untrained].map((control) => pluginMetadata(control)!.info);
  expect(info.filter((info) => 'needsTowers' in info && info.needsTowers).map(({ id }) => id)).toEqual(['untrained']);
});

describe('chance and majority', () => {
  // Three classes of 60, 30 and 10 % that the images do not reveal.
  const split = (n: number) => ({
    images: imageSource(new Array<RasterImage>(n).fill(flat(9))),
    labels: Int32Array.from({ length: n }, (_, i) => (i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2)),
  });
  const spec = { classes: ['a', 'b', 'c'], prompts: ['an image of {}'] };
  const data = { train: split(100), test: split(900) };

  it('chance guesses every class equally often', async () => {
    const result = await measureZeroShot(await new Chance().model({ seed: 0 }), { ...data, ...spec }, { seed: 0 });
    const { value, ci95 } = result!.metrics.balanced_accuracy!;
    expect(ci95[0]).toBeLessThan(1 / 3);
    expect(ci95[1]).toBeGreaterThan(1 / 3);
    expect(Math.abs(value - 1 / 3)).toBeLessThan(0.08);
  });

  it('majority always predicts the most common class', async () => {
    const result = await measureLinearProbe(await new Majority().model(), { ...data, ...spec }, { seed: 0 });
    expect(result!.metrics.accuracy!.value).toBeCloseTo(0.6, 12);
    expect(result!.metrics.balanced_accuracy!.value).toBeCloseTo(1 / 3, 12);
    expect(result!.metrics.auc!.value).toBe(0.5);
  });
});
