import { readFileSync } from 'node:fs';
import { type RasterImage, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { resize } from './resample.js';
import {
  CLIP_MEAN,
  CLIP_STD,
  centreCrop,
  evaluationTransform,
  normaliser,
  randomResizedCrop,
  resizeShorterSide,
  toRgb,
  trainingTransform,
} from './transform.js';

interface Stored {
  width: number;
  height: number;
  channels: 1 | 3;
  data: string;
}
const { cases, views } = JSON.parse(readFileSync(new URL('../fixtures/resize.json', import.meta.url), 'utf8')) as {
  cases: (Stored & { resized: { width: number; height: number; data: string }[] })[];
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
  for (const source of cases) {
    for (const { width, height, data } of source.resized) {
      it(`${source.width}x${source.height}x${source.channels} to ${width}x${height} has the bytes of Pillow`, () => {
        const result = resize(raster(source), width, height);
        expect([result.width, result.height, result.channels]).toEqual([width, height, source.channels]);
        expect(Buffer.compare(result.data, Buffer.from(data, 'base64'))).toBe(0);
      });
    }
  }

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
