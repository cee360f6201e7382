import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { RasterImage } from '@medbench/core';
import { pngChecksum } from '@medbench/data';

const pack = promisify(deflate);
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * Encodes an image as a lightly compressed PNG without filters (PNG specification, third edition, sections 5 and 11).
 * It is meant for thousands of small images: a general image library takes longer to set up one than to draw one.
 */
export async function encodeSmallPng({ width, height, channels, data }: RasterImage): Promise<Uint8Array> {
  const stride = width * channels;
  const rows = new Uint8Array(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    rows.set(data.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? 0 : 2], 8);
  const pixels = await pack(rows, { level: 1, windowBits: 13, memLevel: 6 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeInt32BE(pngChecksum(bytes.subarray(4, content.length + 8)), content.length + 8);
  return bytes;
}
