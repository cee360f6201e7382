import { readFileSync } from 'node:fs';
import { type RasterImage, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { crop } from './crop.js';
import { decodeView } from './decode-view.js';
import { decodeImage, encodeJpeg } from './image.js';
import { parseBaselineJpeg } from './jpeg-frame.js';
import { decodeJpegPart } from './kernels/jpeg-part.js';
import { fullBox } from './resample.js';
import { cropSteps, type TrainingCrop } from './transform.js';

type Stored = { name: string; width: number; height: number; channels: 1 | 3; file: string; pixels: string };
const { files } = JSON.parse(readFileSync(new URL('../fixtures/jpeg.json', import.meta.url), 'utf8')) as {
  files: Stored[];
};
const pillow = ({ width, height, channels, pixels }: Stored): RasterImage => ({
  ...{ width, height, channels },
  data: new Uint8Array(Buffer.from(pixels, 'base64')),
});
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('decodeJpegPart', () => {
  it.each(files)('gives the pixels of Pillow for $name', (stored) => {
    const bytes = Buffer.from(stored.file, 'base64');
    const jpeg = parseBaselineJpeg(bytes)!;
    const image = pillow(stored);
    const stream = random(3, 'parts');
    const boxes = [fullBox(image), { x: 0, y: 0, width: 1, height: 1 }];
    for (let i = 0; i < 200; i++) {
      const [width, height] = [1 + stream.integer(image.width), 1 + stream.integer(image.height)];
      const place = { x: stream.integer(image.width - width + 1), y: stream.integer(image.height - height + 1) };
      boxes.push({ ...place, width, height });
    }
    for (const box of boxes) {
      const part = decodeJpegPart(bytes, jpeg, box)!;
      expect(same(part.data, crop(image, box).data), JSON.stringify(box)).toBe(true);
    }
  });

  it('refuses a file that is cut short anywhere, and one with bytes left over', () => {
    for (const { file } of files) {
      const bytes = Buffer.from(file, 'base64');
      const jpeg = parseBaselineJpeg(bytes)!;
      const corner = { x: 0, y: 0, width: 8, height: 8 };
      for (let length = jpeg.scan; length < bytes.length; length += 13) {
        expect(decodeJpegPart(bytes.subarray(0, length), jpeg, corner)).toBeUndefined();
        const ended = Buffer.concat([bytes.subarray(0, length), Buffer.from([0xff, 0xd9])]);
        if (length < bytes.length - 3) expect(decodeJpegPart(ended, jpeg, corner)).toBeUndefined();
      }
      const longer = Buffer.concat([bytes.subarray(0, -2), Buffer.from([1, 2, 0xff, 0xd9])]);
      expect(decodeJpegPart(longer, jpeg, corner)).toBeUndefined();
    }
  });

  it('survives any changed byte', () => {
    const stream = random(4, 'bytes');
    for (let i = 0; i < 3000; i++) {
      const bytes = Buffer.from(files[i % files.length]!.file, 'base64');
      for (let k = 0; k < 1 + (i % 3); k++) bytes[stream.integer(bytes.length)] = stream.integer(256);
      const jpeg = parseBaselineJpeg(bytes);
      if (!jpeg) continue;
      const box = { x: 0, y: 0, width: Math.min(jpeg.width, 500), height: Math.min(jpeg.height, 500) };
      const part = decodeJpegPart(bytes, jpeg, box);
      if (part) expect(part.data.length).toBe(box.width * box.height * part.channels);
    }
  });
});

describe('decodeView', () => {
  const crops: TrainingCrop[] = [
    { kind: 'fixed', side: 48 },
    { kind: 'fixed', side: 90 },
    { kind: 'resized', scale: [0.3, 1] },
    { kind: 'whole' },
  ];
  it.each(crops)('gives the bytes of decoding, resizing and cropping in turn: $kind $side', async (kind) => {
    const steps = cropSteps(32, kind, Number.POSITIVE_INFINITY);
    for (const stored of files) {
      const image = pillow(stored);
      const bytes = new Uint8Array(Buffer.from(stored.file, 'base64'));
      for (let i = 0; i < 10; i++) {
        const expected = steps.view(steps.stored(image), random(i, 'view'));
        const view = await decodeView({ bytes, name: stored.name }, steps, () => random(i, 'view'));
        expect([view.width, view.height]).toEqual([32, 32]);
        expect(same(view.data, expected.data)).toBe(true);
      }
    }
  });

  it('goes by way of the whole image where there is no part: PNG, progressive, rotated, damaged', async () => {
    const steps = cropSteps(32, { kind: 'fixed', side: 48 }, 48);
    const image = await decodeImage(Buffer.from(files[0]!.file, 'base64'));
    const { default: sharp } = await import('sharp');
    const raw = sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
    const variants = [
      await raw.clone().png().toBuffer(),
      await raw.clone().jpeg({ progressive: true }).toBuffer(),
      await raw.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    ];
    for (const bytes of variants) {
      const expected = steps.view(steps.stored(await decodeImage(bytes)), random(1, 'view'));
      expect(await decodeView({ bytes, name: 'x' }, steps, () => random(1, 'view'))).toEqual(expected);
    }
    const jpeg = await encodeJpeg(image);
    const short = { bytes: new Uint8Array(jpeg.subarray(0, jpeg.length >> 1)), name: 'short.jpg' };
    await expect(decodeView(short, steps, () => random(1, 'view'))).rejects.toThrow(/^short\.jpg cannot be decoded/);
  });
});
