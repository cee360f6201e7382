import type { RasterImage } from '@medbench/core';

/** What a JPEG's header says of its samples, for the two kinds that nearly all are: 8 bits of grey, or of three colours. */
export interface PlainJpeg {
  readonly space: 'b-w' | 'srgb';
  readonly depth: 'uchar';
  readonly width: number;
  readonly height: number;
  /** Nothing before the frame says that it is to be turned, or that its colours are others than usual; and it has an end. */
  readonly simple: boolean;
}

/**
 * Looks at a JPEG's header. The decoder's own look costs a tenth of decoding.
 * @returns undefined for anything but plain JPEGs, damaged headers among it.
 */
export function plainJpeg(bytes: Uint8Array): PlainJpeg | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  let simple = bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    const word = (place: number): number => bytes[place]! * 256 + bytes[place + 1]!;
    // Baseline, extended, progressive; the others are rare.
    if (marker >= 0xc0 && marker <= 0xc2) {
      const [precision, components] = [bytes[at + 4], bytes[at + 9]];
      if (precision !== 8 || (components !== 1 && components !== 3)) return undefined;
      const space = components === 1 ? 'b-w' : 'srgb';
      return { space, depth: 'uchar', height: word(at + 5), width: word(at + 7), simple };
    }
    // Before the frame come tables, comments and what applications say of the image: EXIF and Adobe among them.
    const known =
      (marker >= 0xe0 && marker <= 0xef) || marker === 0xdb || marker === 0xc4 || marker === 0xfe || marker === 0xdd;
    const length = word(at + 2);
    if (!known || length < 2) return undefined;
    if (marker === 0xe1 || marker === 0xee) simple = false;
    at += 2 + length;
  }
  return undefined;
}

/** Larger images are left to the other decoder: the memory of this one never shrinks. */
const MAX_PIXELS = 2 ** 20;

/** Codecs print what they are doing. A new object each time: it becomes the codec. */
const silent = () => ({ print() {}, printErr() {} });

async function startDecoder(): Promise<Codec> {
  const { default: start } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
  const { JPEGDecoder } = await start(silent());
  return new JPEGDecoder();
}

let decoder: Promise<Codec> | undefined;

/**
 * Decodes a small plain JPEG by libjpeg-turbo on this thread, half the time of the way through sharp and the same bytes:
 * both have the exact inverse transform and smooth upsampling of libjpeg.
 * @returns undefined where it is not for it, or finds a fault: the other decoder then has the say.
 */
export async function smallJpeg(bytes: Uint8Array, header: PlainJpeg): Promise<RasterImage | undefined> {
  const { simple, width, height, space } = header;
  if (!simple || width === 0 || height === 0 || width * height > MAX_PIXELS) return undefined;
  decoder ??= startDecoder();
  try {
    const codec = await decoder;
    codec.getEncodedBuffer(bytes.length).set(bytes);
    codec.decode();
    const { width: w, height: h, componentCount } = codec.getFrameInfo();
    const channels = space === 'b-w' ? 1 : 3;
    const data = codec.getDecodedBuffer();
    if (w !== width || h !== height || componentCount !== channels || data.length !== w * h * channels)
      return undefined;
    return { width, height, channels, data: data.slice() };
  } catch {
    // A codec that has failed is not whole.
    decoder = undefined;
    return undefined;
  }
}
