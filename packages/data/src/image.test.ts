import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RasterImage } from '@medbench/core';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeImage, encodeJpeg, encodePng } from './image.js';
import { sharedData } from './testing/shared-data.js';

interface Entry {
  name: string;
  file: string;
  width: number;
  height: number;
  channels: 1 | 3;
  tolerance: number;
  data: string;
}
const entries = JSON.parse(readFileSync(new URL('../fixtures/images.json', import.meta.url), 'utf8')) as Entry[];
const folder = mkdtempSync(join(tmpdir(), 'medbench-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
};

describe('decodeImage', () => {
  it.each(entries)('decodes $name to the pixels that Pillow reads', async (entry) => {
    const image = await decodeImage(Buffer.from(entry.file, 'base64'), entry.name);
    expect([image.width, image.height, image.channels]).toEqual([entry.width, entry.height, entry.channels]);
    expect(largestDifference(image.data, Buffer.from(entry.data, 'base64'))).toBeLessThanOrEqual(entry.tolerance);
  });

  it('names a file that is missing, broken, cut short or too large', async () => {
    await expect(decodeImage(join(folder, 'none.png'))).rejects.toThrow(/none\.png is not there/);
    const broken = join(folder, 'broken.jpg');
    writeFileSync(broken, 'not an image');
    await expect(decodeImage(broken)).rejects.toMatchObject({ name: 'MedbenchError', code: 'data' });
    await expect(decodeImage(broken)).rejects.toThrow(/broken\.jpg cannot be decoded/);
    const rgb = Buffer.from(entries.find(({ name }) => name === 'rgb.jpg')!.file, 'base64');
    await expect(decodeImage(rgb.subarray(0, rgb.length - 60), 'cut.jpg')).rejects.toThrow(/cut\.jpg/);
    await expect(decodeImage(new Uint8Array(0), 'empty.png')).rejects.toThrow(/empty\.png/);
    await expect(decodeImage(rgb, 'large.jpg', { maxPixels: 100 })).rejects.toThrow(/large\.jpg.*pixel/);
  });

  const vqaRad = sharedData('vqa-rad');
  it.skipIf(vqaRad === undefined)('decodes a real radiograph', async () => {
    const image = await decodeImage(join(vqaRad!, 'images', 'synpic42202.jpg'));
    expect(image.data.length).toBe(image.width * image.height * image.channels);
  });
});

describe('encoding', () => {
  const image = (channels: 1 | 3): RasterImage => ({
    width: 12,
    height: 9,
    channels,
    data: Uint8Array.from({ length: 108 * channels }, (_, i) => (i * 7) % 256),
  });
  it.each([1, 3] as const)('PNG keeps %d channel(s) without loss, always in the same bytes', async (channels) => {
    const bytes = await encodePng(image(channels));
    expect(await decodeImage(bytes)).toEqual(image(channels));
    expect(Buffer.compare(await encodePng(image(channels)), bytes)).toBe(0);
  });
  it.each([1, 3] as const)('JPEG keeps the value of %d flat channel(s)', async (channels) => {
    const flat = { ...image(channels), data: new Uint8Array(108 * channels).fill(90) };
    const decoded = await decodeImage(await encodeJpeg(flat, 95));
    expect(decoded.channels).toBe(channels);
    expect(largestDifference(decoded.data, flat.data)).toBeLessThanOrEqual(1);
  });
});
