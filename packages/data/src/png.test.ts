import { random } from '@medbench/core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeSmallPng, pngChecksum } from './png.js';

const MANY = 1e8;

/** An image with edges and noise, so that adaptive filtering takes several filters. */
function drawImage(width: number, height: number, channels: 1 | 3): Uint8Array {
  const stream = random(width * height, 'drawn');
  return Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return (x * 3 + y * (x > width / 2 ? 5 : 1) + (i % channels) * 40 + stream.integer(4)) & 255;
  });
}

const raw = (width: number, height: number, channels: 1 | 3) => {
  const image = sharp(drawImage(width, height, channels), { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace('b-w') : image;
};

async function asSharp(bytes: Uint8Array, channels: 1 | 3): Promise<Uint8Array> {
  const image = sharp(bytes, { failOn: 'error', ignoreIcc: true }).autoOrient().removeAlpha();
  return image
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
}

/** Inserts a chunk after the header. */
function withChunk(bytes: Uint8Array, type: string, content: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(content.length + 12);
  chunk.writeUInt32BE(content.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(content, 8);
  chunk.writeInt32BE(pngChecksum(chunk.subarray(4, content.length + 8)), content.length + 8);
  return Buffer.concat([bytes.subarray(0, 33), chunk, bytes.subarray(33)]);
}

describe('decodeSmallPng', () => {
  it.each([
    [1, 1, 3],
    [7, 5, 1],
    [64, 64, 3],
    [100, 33, 1],
    [224, 224, 3],
  ] as const)(
    'decodes %d x %d pixels of %d channels to the bytes of sharp, with and without filters',
    async (width, height, channels) => {
      for (const adaptiveFiltering of [false, true]) {
        const bytes = await raw(width, height, channels).png({ adaptiveFiltering }).toBuffer();
        const image = decodeSmallPng(bytes, MANY)!;
        expect([image.width, image.height, image.channels]).toEqual([width, height, channels]);
        expect(Buffer.compare(image.data, await asSharp(bytes, channels))).toBe(0);
      }
    },
  );

  it('ignores what changes no pixel: gamma, colour space, profile, text', async () => {
    const bytes = await raw(20, 10, 3).withIccProfile('p3').png().toBuffer();
    const gamma = Buffer.alloc(4);
    gamma.writeUInt32BE(100_000);
    for (const file of [bytes, withChunk(bytes, 'gAMA', gamma), withChunk(bytes, 'tEXt', Buffer.from('Title\0x'))]) {
      expect(Buffer.compare(decodeSmallPng(file, MANY)!.data, await asSharp(file, 3))).toBe(0);
    }
  });

  it('leaves palettes, alpha, 16 bits, interlacing, rotation, large images and other formats to sharp', async () => {
    const image = raw(20, 10, 3);
    const files = [
      await image.clone().png({ palette: true }).toBuffer(),
      await image.clone().ensureAlpha().png().toBuffer(),
      await image.clone().toColourspace('rgb16').png().toBuffer(),
      await image.clone().png({ progressive: true }).toBuffer(),
      await image.clone().withMetadata({ orientation: 6 }).png().toBuffer(),
      await raw(600, 600, 1).png().toBuffer(),
      await image.clone().jpeg().toBuffer(),
    ];
    for (const bytes of files) expect(decodeSmallPng(bytes, MANY)).toBeUndefined();
    expect(decodeSmallPng(await image.clone().png().toBuffer(), 199)).toBeUndefined();
  });

  it('leaves files that are cut short or changed in any byte to sharp, which names the fault', async () => {
    const bytes = await raw(12, 9, 3).png().toBuffer();
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeSmallPng(bytes.subarray(0, length), MANY)).toBeUndefined();
    }
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 0x10;
      expect(decodeSmallPng(changed, MANY)).toBeUndefined();
    }
  });
});
