import type { PixelFormat } from './pixel-format.js';

/**
 * Unpacks RLE (PS3.5, annex G): one PackBits segment for each byte of each sample, the high byte first.
 * @throws Error if the segments do not fit the image.
 */
export function unpackRle(packed: Uint8Array, { rows, columns, samples, bitsAllocated }: PixelFormat): Uint8Array {
  const width = bitsAllocated / 8;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const segments = packed.length >= 64 ? view.getUint32(0, true) : 0;
  if (segments !== samples * width) throw new Error(`it has ${segments} segments, not ${samples * width}`);
  const pixels = rows * columns;
  const bytes = new Uint8Array(pixels * samples * width);
  for (let segment = 0; segment < segments; segment++) {
    const from = view.getUint32(4 + 4 * segment, true);
    const to = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : packed.length;
    if (from < 64 || to > packed.length || from > to)
      throw new Error(`its segment ${segment + 1} lies outside the image's data`);
    const sample = Math.floor(segment / width);
    const byte = width - 1 - (segment % width);
    const plane = unpackBits(packed.subarray(from, to), pixels, segment + 1);
    for (let pixel = 0; pixel < pixels; pixel++) bytes[(pixel * samples + sample) * width + byte] = plane[pixel]!;
  }
  return bytes;
}

function unpackBits(packed: Uint8Array, length: number, segment: number): Uint8Array {
  const plane = new Uint8Array(length);
  let filled = 0;
  for (let offset = 0; filled < length && offset < packed.length; ) {
    const count = packed[offset++]!;
    if (count < 128) {
      const run = packed.subarray(offset, offset + count + 1);
      plane.set(run.subarray(0, length - filled), filled);
      filled += run.length;
      offset += count + 1;
    } else if (count > 128) {
      if (offset >= packed.length) break;
      plane.fill(packed[offset++]!, filled, filled + 257 - count);
      filled += 257 - count;
    }
  }
  if (filled < length) throw new Error(`its segment ${segment} ends after ${filled} of ${length} bytes`);
  return plane;
}
