import { inflateSync } from 'node:zlib';
import type { RasterImage } from '@medbench/core';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Chunks that change no pixel. Any other chunk leaves the image to sharp. */
const HARMLESS: readonly string[] = ['tEXt', 'zTXt', 'iTXt', 'tIME', 'pHYs', 'sRGB', 'gAMA', 'cHRM', 'iCCP', 'bKGD'];
/** Larger images are left to sharp, because this decoder keeps the thread busy. */
const MAX_PIXELS = 2 ** 18;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of a PNG's chunks (PNG specification, third edition, section 5.5). */
export function pngChecksum(bytes: Uint8Array): number {
  let value = -1;
  for (let i = 0; i < bytes.length; i++) value = CRC_TABLE[(value ^ bytes[i]!) & 0xff]! ^ (value >>> 8);
  return ~value;
}

interface Plain {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** The parts of the compressed rows. */
  readonly packed: readonly Uint8Array[];
}

/** Reads the chunks. @returns undefined for anything but an intact 8-bit grey or RGB image without interlacing. */
function readChunks(bytes: Uint8Array): Plain | undefined {
  if (bytes.length < 45 || SIGNATURE.some((byte, i) => bytes[i] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Omit<Plain, 'packed'> | undefined;
  const packed: Uint8Array[] = [];
  for (let offset = 8; offset + 12 <= bytes.length; ) {
    const end = offset + 8 + view.getUint32(offset);
    if (end + 4 > bytes.length) return undefined;
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (pngChecksum(bytes.subarray(offset + 4, end)) !== view.getInt32(end)) return undefined;
    const content = bytes.subarray(offset + 8, end);
    offset = end + 4;
    if (type === 'IHDR') {
      const [depth, colour, compression, filter, interlace] = content.subarray(8);
      const plain = depth === 8 && (colour === 0 || colour === 2) && !compression && !filter && !interlace;
      if (!plain || content.length !== 13 || header) return undefined;
      header = { width: view.getUint32(16), height: view.getUint32(20), channels: colour === 0 ? 1 : 3 };
    } else if (type === 'IDAT') packed.push(content);
    else if (type === 'IEND') return header && offset === bytes.length ? { ...header, packed } : undefined;
    else if (!HARMLESS.includes(type)) return undefined;
  }
  return undefined;
}

/** Undoes the filter of each row in place (section 9). `rows` is `[height, 1 + stride]`. @returns whether all are known. */
function unfilter(rows: Uint8Array, height: number, stride: number, channels: number): boolean {
  for (let row = 0; row < height; row++) {
    const start = row * (stride + 1) + 1;
    const above = start - stride - 1;
    const filter = rows[start - 1]!;
    if (filter > 4) return false;
    if (filter === 0) continue;
    for (let i = 0; i < stride; i++) {
      const a = i < channels ? 0 : rows[start + i - channels]!;
      const b = row === 0 ? 0 : rows[above + i]!;
      let guess = a;
      if (filter === 2) guess = b;
      else if (filter === 3) guess = (a + b) >> 1;
      else if (filter === 4) guess = paeth(a, b, i < channels || row === 0 ? 0 : rows[above + i - channels]!);
      rows[start + i] = rows[start + i]! + guess;
    }
  }
  return true;
}

/** The neighbour that is nearest to left + above - upper left; of equals, the first of these three. */
function paeth(left: number, above: number, upperLeft: number): number {
  const estimate = left + above - upperLeft;
  const [toLeft, toAbove, toUpperLeft] = [
    Math.abs(estimate - left),
    Math.abs(estimate - above),
    Math.abs(estimate - upperLeft),
  ];
  if (toLeft <= toAbove && toLeft <= toUpperLeft) return left;
  return toAbove <= toUpperLeft ? above : upperLeft;
}

/**
 * Decodes a small plain PNG on this thread, with the same bytes as sharp, whose set-up takes longer than the decoding.
 * @returns undefined if the image is not suitable or proves damaged: sharp then decodes it or reports the fault.
 */
export function decodeSmallPng(bytes: Uint8Array, maxPixels: number): RasterImage | undefined {
  const image = readChunks(bytes);
  if (!image) return undefined;
  const { width, height, channels, packed } = image;
  if (width === 0 || height === 0 || width * height > Math.min(MAX_PIXELS, maxPixels)) return undefined;
  const stride = width * channels;
  const size = height * (stride + 1);
  let rows: Uint8Array;
  try {
    rows = inflateSync(packed.length === 1 ? packed[0]! : Buffer.concat(packed), { maxOutputLength: size });
  } catch {
    return undefined;
  }
  if (rows.length !== size || !unfilter(rows, height, stride, channels)) return undefined;
  const data = new Uint8Array(height * stride);
  for (let row = 0; row < height; row++) {
    const start = row * (stride + 1) + 1;
    data.set(rows.subarray(start, start + stride), row * stride);
  }
  return { width, height, channels, data };
}
