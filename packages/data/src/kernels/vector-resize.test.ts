import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compiledKernel } from '../../../../scripts/build-kernels.mjs';
import { boxResampling, fixedFilter, partResampling } from '../filter.js';
import { plainResample } from '../resample.js';
import { JPEG_KERNEL } from './jpeg.js';
import { RESAMPLE_KERNEL } from './resample.js';
import { vectorResample } from './vector-resize.js';

// transform.test.ts compares `resize`, which runs on vectors where it can, with Pillow's bytes. Here the vectors are
// compared with `plainResample`.
describe('vectorResample', () => {
  it('gives the bytes of plainResample for any sizes, boxes and channels', () => {
    const stream = random(1, 'sizes');
    for (let i = 0; i < 400; i++) {
      const [width, height] = [1 + stream.integer(i % 7 === 0 ? 600 : 60), 1 + stream.integer(70)];
      const channels = stream.pick([1, 3] as const);
      // Black and white noise makes the sums overshoot.
      const levels = stream.pick([2, 256]);
      const data = Uint8Array.from({ length: width * height * channels }, () =>
        levels === 2 ? 255 * stream.integer(2) : stream.integer(256),
      );
      const image = { width, height, channels, data };
      const [boxWidth, boxHeight] = [1 + stream.integer(width), 1 + stream.integer(height)];
      const box = {
        x: stream.integer(width - boxWidth + 1),
        y: stream.integer(height - boxHeight + 1),
        width: boxWidth,
        height: boxHeight,
      };
      const [w, h] = [
        stream.pick([boxWidth, 1 + stream.integer(50)]),
        stream.pick([boxHeight, 1 + stream.integer(50)]),
      ];
      const whole = boxResampling(box, w, h);
      const corner = { x: w >> 1, y: h >> 1, width: w - (w >> 1), height: h - (h >> 1) };
      for (const resampling of [whole, partResampling(image, w, h, corner, 'bicubic')]) {
        const expected = plainResample(image, resampling);
        expect(Buffer.compare(vectorResample(image, resampling)!, expected), JSON.stringify({ i, box, w, h })).toBe(0);
      }
    }
  });

  it('returns undefined for an image that is too large', () => {
    const image = { width: 8192, height: 8192, channels: 1 as const, data: new Uint8Array(2 ** 26) };
    const box = { x: 0, y: 0, width: 8192, height: 8192 };
    const filter = fixedFilter(8192, 4, 'bicubic');
    expect(vectorResample(image, { box, across: filter, down: filter })).toBeUndefined();
  });
});

describe('kernels', () => {
  it('are what their sources compile to', async () => {
    expect(await compiledKernel('data', 'resample')).toContain(`'${RESAMPLE_KERNEL}'`);
    expect(await compiledKernel('data', 'jpeg')).toContain(`'${JPEG_KERNEL}'`);
  }, 60_000);
});
