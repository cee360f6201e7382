import { deflateSync } from 'node:zlib';
import { pngChecksum } from '../png.js';

/** A 16-bit grey PNG, written by the PNG specification (third edition) without another library. For tests. */
export function deepGreyPng(width: number, height: number, levels: ArrayLike<number>): Uint8Array {
  const rows = Buffer.alloc(height * (1 + 2 * width));
  for (let i = 0; i < width * height; i++) {
    rows.writeUInt16BE(levels[i]!, Math.floor(i / width) * (1 + 2 * width) + 1 + 2 * (i % width));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 16;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeInt32BE(pngChecksum(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
