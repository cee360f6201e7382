import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RasterImage, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { crop } from '../crop.js';
import { resize } from '../resample.js';
import { drawBox } from '../transform.js';
import { gaussianBlur } from './blur.js';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, greyscale } from './colour.js';
import { horizontalFlip } from './simclr.js';

type Quantiles = { mean: number; deciles: number[] };
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/augment.json', import.meta.url), 'utf8')) as {
  width: number;
  height: number;
  rgb: string;
  grey: string;
  cases: { operation: string; channels: 1 | 3; parameter: number | null; data: string }[];
  thin: { width: number; height: number; source: string; sigma: number; data: string }[];
  chain: string;
  reverse: string;
  shifts: number[];
  hues: string;
  crops: { x: number; y: number; width: number; height: number; size: number; data: string }[];
  boxes: ({ width: number; height: number; scale: [number, number]; ratio: [number, number] } & Record<
    'top' | 'left' | 'boxHeight' | 'boxWidth',
    Quantiles
  >)[];
};
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const { width, height } = fixture;
const rgb: RasterImage = { width, height, channels: 3, data: bytes(fixture.rgb) };
const grey: RasterImage = { width, height, channels: 1, data: bytes(fixture.grey) };

const operations: Record<string, (image: RasterImage, parameter: number) => RasterImage> = {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  adjustHue,
  gaussianBlur,
  greyscale,
  horizontalFlip,
};

describe('augmentations with fixed parameters', () => {
  it.each(fixture.cases)('$operation($parameter) of $channels channel(s) gives the bytes of torchvision', (entry) => {
    const source = entry.channels === 1 ? grey : rgb;
    const original = source.data.slice();
    const result = operations[entry.operation]!(source, entry.parameter!);
    expect(result).toEqual({ ...source, data: bytes(entry.data) });
    expect(source.data).toEqual(original);
  });

  it.each(fixture.thin)('a blur of $sigma pixels of a $width x $height image gives the bytes of Pillow', (entry) => {
    const image: RasterImage = { ...entry, channels: 3, data: bytes(entry.source) };
    expect(gaussianBlur(image, entry.sigma).data).toEqual(bytes(entry.data));
  });

  it('colour changes in either order give the bytes of torchvision', () => {
    const forward = adjustHue(adjustSaturation(adjustContrast(adjustBrightness(rgb, 0.7), 1.3), 0.65), 0.08);
    expect(forward.data).toEqual(bytes(fixture.chain));
    const backward = adjustBrightness(adjustContrast(adjustSaturation(adjustHue(rgb, 0.08), 0.65), 1.3), 0.7);
    expect(backward.data).toEqual(bytes(fixture.reverse));
  });

  it('adjustHue shifts 4,096 colours by ten amounts as torchvision does', () => {
    const data = Uint8Array.from(
      { length: 4096 * 3 },
      (_, i) => ((Math.trunc(i / 3) >> (4 * (2 - (i % 3)))) & 15) * 17,
    );
    const hash = createHash('sha256');
    for (const shift of fixture.shifts)
      hash.update(adjustHue({ width: 64, height: 64, channels: 3, data }, shift).data);
    expect(hash.digest('hex')).toBe(fixture.hues);
  });

  it('colour changes return a grey image unchanged, and invalid strengths are refused', () => {
    expect(adjustHue(grey, 0.2)).toBe(grey);
    expect(adjustSaturation(grey, 0.2)).toBe(grey);
    expect(greyscale(grey)).toBe(grey);
    expect(gaussianBlur(rgb, 0)).toBe(rgb);
    expect(() => adjustHue(rgb, 0.51)).toThrow(RangeError);
    expect(() => gaussianBlur(rgb, -1)).toThrow(RangeError);
    expect(() => gaussianBlur(rgb, Number.NaN)).toThrow(RangeError);
  });

  it.each(fixture.crops)(
    'the $width x $height part at ($x, $y), resized to $size, has the bytes of torchvision',
    (box) => {
      const part = crop(rgb, box);
      expect(resize(part, box.size, box.size).data).toEqual(bytes(box.data));
    },
  );
});

describe('drawBox', () => {
  it.each(fixture.boxes)('draws boxes in $width x $height with the distribution of torchvision', (entry) => {
    const stream = random(11, 'boxes');
    const boxes = Array.from({ length: 20_000 }, () => drawBox(entry, stream, entry.scale, entry.ratio));
    for (const [name, key, side] of [
      ['top', 'y', entry.height],
      ['left', 'x', entry.width],
      ['boxHeight', 'height', entry.height],
      ['boxWidth', 'width', entry.width],
    ] as const) {
      const values = boxes.map((box) => box[key]).sort((a, b) => a - b);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      // Two samples of 20,000: means differ by about 0.3% of the side, deciles by at most about 1%.
      expect(Math.abs(mean - entry[name].mean)).toBeLessThan(0.01 * side);
      entry[name].deciles.forEach((decile, i) => {
        const ours = values[Math.round(((i + 1) / 10) * (values.length - 1))]!;
        expect(Math.abs(ours - decile)).toBeLessThanOrEqual(0.02 * side + 1);
      });
    }
  });
});
