import { readFileSync } from 'node:fs';
import { type RasterImage, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { crop } from './crop.js';
import { boxResampling } from './filter.js';
import { CLIP_MEAN, CLIP_STD, normaliser } from './normalise.js';
import { fullBox, plainResample, resize, resizePart } from './resample.js';
import {
  centreCrop,
  cropSteps,
  evaluationTransform,
  randomCrop,
  randomResizedCrop,
  resizeShorterSide,
  resizeShorterSideRounded,
  scaledSide,
  toRgb,
  trainingTransform,
} from './transform.js';

interface Stored {
  width: number;
  height: number;
  channels: 1 | 3;
  data: string;
}
type Resized = Stored & { resized: { width: number; height: number; data: string }[] };
const { cases, views, bilinear } = JSON.parse(
  readFileSync(new URL('../fixtures/resize.json', import.meta.url), 'utf8'),
) as {
  cases: Resized[];
  bilinear: Resized[];
  views: (Stored & { size: number; view: string })[];
};
const raster = ({ width, height, channels, data }: Stored): RasterImage => ({
  width,
  height,
  channels,
  data: new Uint8Array(Buffer.from(data, 'base64')),
});
const noise = (width: number, height: number, channels: 1 | 3, seed = 1): RasterImage => {
  const stream = random(seed, 'noise');
  return {
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, () => stream.integer(256)),
  };
};

describe('resize', () => {
  for (const [kernel, source] of [
    ...cases.map((one) => ['bicubic', one] as const),
    ...bilinear.map((one) => ['bilinear', one] as const),
  ]) {
    for (const { width, height, data } of source.resized) {
      it(`${source.width}x${source.height}x${source.channels} to ${width}x${height}, ${kernel}, has the bytes of Pillow`, () => {
        const result = resize(raster(source), width, height, undefined, kernel);
        expect([result.width, result.height, result.channels]).toEqual([width, height, source.channels]);
        expect(Buffer.compare(result.data, Buffer.from(data, 'base64'))).toBe(0);
      });
    }
  }

  it.each([
    ['a tall strip', 3, 211, 1],
    ['a wide strip of colours', 160, 5, 3],
    ['a strip that shrinks', 40, 3000, 1],
    ['a strip of the right width', 24, 900, 3],
  ] as const)('of a part gives the bytes of that part: %s', (_, width, height, channels) => {
    const image = noise(width, height, channels);
    const whole = resizeShorterSide(image, 24);
    expect(evaluationTransform(24)(image)).toEqual(centreCrop(whole, 24));
    const long = Math.max(whole.width, whole.height) - 24;
    for (const place of [0, 7, long]) {
      const box = { x: height > width ? 0 : place, y: height > width ? place : 0, width: 24, height: 24 };
      expect(resizePart(image, whole.width, whole.height, box)).toEqual(crop(whole, box));
    }
  });

  it('computes no more of a scan line than its view shows', () => {
    // The whole would have 224 x 1,792,000 pixels for evaluation, and 512 x 4,096,000 for training.
    const line = noise(1, 8000, 1);
    const { stored, view } = cropSteps(224, { kind: 'fixed', side: 512 }, Number.POSITIVE_INFINITY);
    const bytes = process.memoryUsage().arrayBuffers;
    const began = performance.now();
    for (const part of [evaluationTransform(224)(line), view(stored(line), random(0, 'view'))]) {
      expect([part.width, part.height]).toEqual([224, 224]);
    }
    expect(performance.now() - began).toBeLessThan(2000);
    expect(process.memoryUsage().arrayBuffers - bytes).toBeLessThan(50e6);
  });

  it('without vectors gives the same bytes', () => {
    for (const source of bilinear) {
      for (const { width, height, data } of source.resized) {
        const image = raster(source);
        const plain = plainResample(image, boxResampling(fullBox(image), width, height, 'bilinear'));
        expect(Buffer.compare(plain, Buffer.from(data, 'base64'))).toBe(0);
      }
    }
  });

  it('keeps a constant image constant, and returns an image of the same size unchanged', () => {
    const flat: RasterImage = { width: 9, height: 7, channels: 1, data: new Uint8Array(63).fill(201) };
    expect(new Set(resize(flat, 31, 4).data)).toEqual(new Set([201]));
    const image = noise(9, 7, 3);
    expect(resize(image, 9, 7)).toEqual(image);
  });

  it('keeps the inside of a ramp linear', () => {
    const ramp: RasterImage = {
      width: 32,
      height: 1,
      channels: 1,
      data: Uint8Array.from({ length: 32 }, (_, i) => i * 8),
    };
    const { data } = resize(ramp, 64, 1);
    // Output i lies at input (i + 1/2) / 2 - 1/2.
    for (let i = 8; i < 56; i++) expect(data[i]).toBe(Math.round(((i + 0.5) / 2 - 0.5) * 8));
  });
});

describe('views', () => {
  it.each(views)('evaluation view of $width x $height at $size is that of torchvision on Pillow', (stored) => {
    const view = evaluationTransform(stored.size)(raster(stored));
    expect([view.width, view.height]).toEqual([stored.size, stored.size]);
    expect(Buffer.compare(view.data, Buffer.from(stored.view, 'base64'))).toBe(0);
  });

  it('resizeShorterSide rounds the longer side down', () => {
    expect(resizeShorterSide(noise(100, 33, 1), 16)).toMatchObject({ width: 48, height: 16 });
    expect(resizeShorterSide(noise(33, 100, 1), 16)).toMatchObject({ width: 16, height: 48 });
  });

  // Sizes by the study's own training transform, from the height and width before it.
  it.each([
    [450, 600, 512, 683],
    [600, 450, 683, 512],
    [224, 224, 512, 512],
    [1024, 768, 683, 512],
    [333, 1000, 512, 1538],
    [2991, 2544, 602, 512],
    [101, 77, 672, 512],
  ])('resizeShorterSideRounded brings %i x %i to the size of the study', (height, width, toHeight, toWidth) => {
    const image: RasterImage = { width, height, channels: 1, data: new Uint8Array(width * height) };
    const resized = resizeShorterSideRounded(image, 512);
    expect([resized.height, resized.width]).toEqual([toHeight, toWidth]);
    expect(resizeShorterSideRounded(resized, 512)).toEqual(resized);
  });

  it('a fixed crop shows a random part of the resized image, every place as often', () => {
    const { stored, view } = cropSteps(4, { kind: 'fixed', side: 5 }, Number.POSITIVE_INFINITY);
    const image = stored(noise(10, 14, 3));
    expect([image.width, image.height]).toEqual([5, 7]);
    const stream = random(9, 'places');
    const places = Array.from({ length: 8 }, (_, i) => [i % 2, i >> 1] as const);
    const at = (x: number, y: number): string => {
      const rows = Array.from({ length: 4 }, (_, row) => ((y + row) * 5 + x) * 3);
      return rows.flatMap((from) => [...image.data.subarray(from, from + 12)]).join();
    };
    const counts = new Map<string, number>();
    for (let i = 0; i < 800; i++) {
      const { width, height, data } = view(image, stream);
      expect([width, height]).toEqual([4, 4]);
      counts.set(data.join(), (counts.get(data.join()) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(places.map(([x, y]) => at(x, y)).sort());
    // Within five standard deviations of 800 / 8.
    for (const count of counts.values())
      expect(Math.abs(count - 100)).toBeLessThan(5 * Math.sqrt(800 * (1 / 8) * (7 / 8)));
    expect(() => randomCrop(noise(3, 9, 1), 4, stream)).toThrow(/3 x 9 is too small/);
  });

  it('the side of a fixed crop scales with the image size, from the side for 224 pixels', () => {
    expect([224, 336, 64, 32].map((size) => scaledSide(512, size))).toEqual([512, 768, 146, 73]);
    expect(scaledSide(100, 224)).toBe(224);
  });

  it('the whole view is the evaluation view', () => {
    const image = noise(21, 34, 3);
    const { stored, view } = cropSteps(8, { kind: 'whole' }, 10);
    expect(view(stored(image), random(1, 'unused'))).toEqual(evaluationTransform(8)(image));
  });

  it('centreCrop rounds half of an odd margin to even, and refuses an image that is too small', () => {
    const row = (width: number): RasterImage => ({
      width,
      height: 2,
      channels: 1,
      data: Uint8Array.from({ length: width * 2 }, (_, i) => i % width),
    });
    // Margins of 1, 3, 5 give offsets round(0.5) = 0, round(1.5) = 2, round(2.5) = 2.
    expect([3, 5, 7].map((width) => centreCrop(row(width), 2).data[0])).toEqual([0, 2, 2]);
    expect(() => centreCrop(row(3), 3)).toThrow(/3 x 2/);
  });

  it('training views depend on the stream alone and have the requested size', () => {
    const image = noise(40, 40, 3);
    const transform = trainingTransform(16, { scale: [0.9, 1] });
    expect(transform(image, random(3, 'a'))).toEqual(transform(image, random(3, 'a')));
    expect(transform(image, random(3, 'a'))).not.toEqual(transform(image, random(3, 'b')));
    expect(transform(image, random(3, 'a'))).toMatchObject({ width: 16, height: 16, channels: 3 });
  });

  it('randomResizedCrop covers the requested share of the area', () => {
    // Each value is its column, so that a crop's range of values gives its width.
    const image: RasterImage = {
      width: 200,
      height: 200,
      channels: 1,
      data: Uint8Array.from({ length: 40_000 }, (_, i) => i % 200),
    };
    const stream = random(5, 'share');
    const widths = Array.from({ length: 30 }, () => {
      const { data } = randomResizedCrop(image, 200, stream, { scale: [0.25, 0.25], ratio: [1, 1] });
      return Math.max(...data) - Math.min(...data) + 1;
    });
    expect(new Set(widths)).toEqual(new Set([100]));
    // No crop of this ratio fits in ten tries: the largest middle part is taken.
    const flat: RasterImage = {
      width: 90,
      height: 3,
      channels: 1,
      data: Uint8Array.from({ length: 270 }, (_, i) => i % 90),
    };
    const { data } = randomResizedCrop(flat, 4, random(1, 'x'), { scale: [1, 1], ratio: [3 / 4, 4 / 3] });
    expect([Math.min(...data), Math.max(...data)]).toEqual([43, 46]);
  });
});

describe('normaliser', () => {
  it('writes NHWC floats, grey into all channels', () => {
    const image = noise(3, 2, 3);
    const batch = new Float32Array(2 * 18);
    normaliser()(image, batch, 18);
    expect(Array.from(batch.subarray(0, 18)).every((value) => value === 0)).toBe(true);
    image.data.forEach((value, i) => {
      expect(batch[18 + i]).toBeCloseTo((value / 255 - CLIP_MEAN[i % 3]!) / CLIP_STD[i % 3]!, 5);
    });
    const grey = noise(3, 2, 1);
    const a = new Float32Array(18);
    const b = new Float32Array(18);
    const write = normaliser({ mean: [0, 0.5, 1], std: [1, 0.5, 0.25] });
    write(grey, a, 0);
    write(toRgb(grey), b, 0);
    expect(a).toEqual(b);
    expect(() => normaliser()(grey, a, 1)).toThrow(RangeError);
  });
});
