import { storedSamples } from '@medbench/data';
import type { PixelFormat } from './pixel-format.js';
import { unpackRle } from './rle.js';

/** An image's samples as they are stored: pixel by pixel, 16 bits in little endian. */
export interface Stored {
  readonly bytes: Uint8Array;
  /** True if the codec has already made RGB of whatever it was. */
  readonly rgb: boolean;
}

type Decode = (packed: Uint8Array, format: PixelFormat) => Promise<Stored>;

/** Transfer syntaxes that are not packed. */
export const PLAIN: Readonly<Record<string, { readonly bigEndian?: boolean }>> = {
  '1.2.840.10008.1.2': {},
  '1.2.840.10008.1.2.1': {},
  '1.2.840.10008.1.2.1.99': {},
  '1.2.840.10008.1.2.2': { bigEndian: true },
};

/** Transfer syntaxes of packed images (PS3.5, annex A.4). */
export const PACKED: Readonly<Record<string, Decode>> = {
  '1.2.840.10008.1.2.5': async (packed, format) => ({ bytes: unpackRle(packed, format), rgb: false }),
  '1.2.840.10008.1.2.4.50': baseline,
  '1.2.840.10008.1.2.4.57': lossless,
  '1.2.840.10008.1.2.4.70': lossless,
  '1.2.840.10008.1.2.4.80': jpegLs,
  '1.2.840.10008.1.2.4.81': jpegLs,
  '1.2.840.10008.1.2.4.90': jpeg2000,
  '1.2.840.10008.1.2.4.91': jpeg2000,
};

async function baseline(packed: Uint8Array, format: PixelFormat): Promise<Stored> {
  checkSize(jpegSize(packed), format);
  return { bytes: await storedSamples(packed, format.samples, format.rows * format.columns), rgb: true };
}

async function lossless(packed: Uint8Array, format: PixelFormat): Promise<Stored> {
  checkSize(jpegSize(packed), format);
  const { Decoder } = await import('jpeg-lossless-decoder-js');
  // The decoder reads from the buffer's start.
  const own = packed.slice();
  const samples = new Decoder().decode(own.buffer, 0, own.length, format.bitsAllocated / 8);
  return { bytes: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), rgb: false };
}

async function jpegLs(packed: Uint8Array, format: PixelFormat): Promise<Stored> {
  checkSize(jpegSize(packed), format);
  const { default: charls } = await import('@cornerstonejs/codec-charls/decodewasmjs');
  const { JpegLSDecoder } = await charls(silent());
  return { bytes: run(new JpegLSDecoder(), packed), rgb: false };
}

async function jpeg2000(packed: Uint8Array, format: PixelFormat): Promise<Stored> {
  checkSize(jpeg2000Size(packed), format);
  const { default: openjpeg } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
  const { J2KDecoder } = await openjpeg(silent());
  return { bytes: run(new J2KDecoder(), packed), rgb: true };
}

/** Codecs print what they are doing. A new object each time: it becomes the codec. */
const silent = () => ({ print() {}, printErr() {} });

/** Copies what the codec makes: its memory is used again. A new codec for each image, since a failed one is not whole. */
function run(codec: Codec, packed: Uint8Array): Uint8Array {
  codec.getEncodedBuffer(packed.length).set(packed);
  codec.decode();
  return codec.getDecodedBuffer().slice();
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A codec would make room for whatever its own header claims. */
function checkSize({ columns, rows }: Size, format: PixelFormat): void {
  if (columns === format.columns && rows === format.rows) return;
  throw new Error(`its packed image is ${columns} x ${rows}, where the file says ${format.columns} x ${format.rows}`);
}

/** Size in the frame header of a JPEG or JPEG-LS stream (ITU-T T.81, B.2.2; T.87, C.2.2). */
function jpegSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const frame = (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (frame) return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error('its packed image has no frame header');
}

/** Size in the SIZ segment of a JPEG 2000 stream (ITU-T T.800, A.5.1). */
function jpeg2000Size(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 50 || view.getUint32(0) !== 0xff4fff51) throw new Error('its packed image has no size segment');
  const [right, bottom, left, top, tileWidth, tileHeight] = [8, 12, 16, 20, 24, 28].map((at) => view.getUint32(at)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const tiles = Math.ceil(right / Math.max(1, tileWidth)) * Math.ceil(bottom / Math.max(1, tileHeight));
  if (tiles > 65_535) throw new Error(`its packed image claims ${tiles} tiles`);
  return { columns: right - left, rows: bottom - top };
}
