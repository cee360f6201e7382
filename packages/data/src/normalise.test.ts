import { readFileSync } from 'node:fs';
import { CLIP_PREPROCESSING, type ImagePreprocessing, type RasterImage } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { normalisedLevels, normaliser, samePreprocessing } from './normalise.js';
import { evaluationTransform } from './transform.js';

/** Views by open_clip and timm, written by scripts/oracles/data_preprocessing.py. */
interface Oracle {
  readonly size: number;
  /** Widths and heights. */
  readonly images: readonly (readonly [number, number])[];
  readonly cases: readonly {
    readonly name: string;
    readonly preprocessing: ImagePreprocessing;
    /** For each image the bytes of its view, `[size, size, 3]`, and the first of its normalised values. */
    readonly views: readonly { readonly bytes: string; readonly first: readonly number[] }[];
  }[];
}

const { size, images, cases }: Oracle = JSON.parse(
  readFileSync(new URL('../fixtures/preprocessing.json', import.meta.url), 'utf8'),
);

/** The oracle's image of a size. */
const image = ([width, height]: readonly [number, number]): RasterImage => ({
  width,
  height,
  channels: 3,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / (3 * width))];
    return (37 * x + 11 * y + 5 * x * y + 90 * (i % 3)) % 256;
  }),
});

describe.each(cases)('the preprocessing of $name', ({ preprocessing, views }) => {
  it.each(images.map((sides, i) => [sides.join(' x '), i] as const))('gives the same view of %s pixels', (_, i) => {
    const view = evaluationTransform(size, preprocessing)(image(images[i]!));
    const { bytes, first } = views[i]!;
    expect(Buffer.compare(Buffer.from(view.data), Buffer.from(bytes, 'base64'))).toBe(0);
    const values = new Float32Array(size * size * 3);
    normaliser(preprocessing)(view, values, 0);
    first.forEach((value, k) => expect(Math.abs(values[k]! - value)).toBeLessThan(1e-6));
  });
});

it('bytes with levels are the values that are written without them', () => {
  const { preprocessing } = cases[1]!;
  const view = evaluationTransform(size, preprocessing)(image([61, 47]));
  const values = new Float32Array(size * size * 3);
  normaliser(preprocessing)(view, values, 0);
  const levels = normalisedLevels(preprocessing);
  expect(values).toEqual(Float32Array.from(view.data, (byte, k) => levels[256 * (k % 3) + byte]!));
});

it('two preprocessings are the same up to rounding of their numbers', () => {
  const [red, green, blue] = CLIP_PREPROCESSING.mean;
  const rounded = { ...CLIP_PREPROCESSING, mean: [red + 4e-7, green, blue] as const };
  expect(samePreprocessing(CLIP_PREPROCESSING, rounded)).toBe(true);
  for (const change of [
    { crop: 0.9 },
    { resize: 'squash' },
    { interpolation: 'bilinear' },
    { std: [1, 1, 1] },
  ] as const)
    expect(samePreprocessing(CLIP_PREPROCESSING, { ...CLIP_PREPROCESSING, ...change })).toBe(false);
});
