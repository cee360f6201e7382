import { storedSamples } from '@medbench/data';
import type { PixelFormat } from './pixel-format.js';
import { unpackRle } from './rle.js';

/** The samples of an image as stored: pixel by pixel, 16 bits in little endian. */
export interface StoredSamples {
  readonly bytes: Uint8Array;
  /** True if the codec has already converted the colours to RGB. */
  readonly rgb: boolean;
}

type Decode = (packed: Uint8Array, format: PixelFormat) => Promise<StoredSamples>;

/** Transfer syntaxes without compression. */
export const PLAIN: Readonly<Record<string, { readonly bigEndian?: boolean }>> = {
  '1.2.840.10008.1.2': {},
  '1.2.840.10008.1.2.1': {},
  '1.2.840.10008.1.2.1.99': {},
  '1.2.840.10008.1.2.2': { bigEndian: true },
};

/** Decoders of compressed images by transfer syntax (PS3.5, annex A.4). */
export const PACKED: Readonly<Record<string, Decode>> = {
  '1.2.840.10008.1.2.5': async (packed, format) => ({ bytes: unpackRle(packed, format), rgb: false }),
  '1.2.840.10008.1.2.4.50': baseline,
  '1.2.840.10008.1.2.4.51': extended,
  '1.2.840.10008.1.2.4.57': lossless,
  '1.2.840.10008.1.2.4.70': lossless,
  '1.2.840.10008.1.2.4.80': jpegLs,
  '1.2.840.10008.1.2.4.81': jpegLs,
  '1.2.840.10008.1.2.4.90': jpeg2000,
  '1.2.840.10008.1.2.4.91': jpeg2000,
};

async function baseline(packed: Uint8Array, format: PixelFormat): Promise<StoredSamples> {
  checkSize(jpegSize(packed), format);
  return { bytes: await storedSamples(packed, format.samples, format.rows * format.columns), rgb: true };
}

/** JPEG extended. Its images of 8 bits are decoded as baseline ones are. */
async function extended(packed: Uint8Array, format: PixelFormat): Promise<StoredSamples> {
  if (format.bitsAllocated === 8) return baseline(packed, format);
  throw new Error('its samples are JPEG extended of 12 bits, which is not supported: convert it (gdcmconv --raw)');
}

async function lossless(packed: Uint8Array, format: PixelFormat): Promise<StoredSamples> {
  checkSize(jpegSize(packed), format);
  const { Decoder } = await import('jpeg-lossless-decoder-js');
  // The decoder reads from the start of the underlying buffer, so it needs a copy.
  const copy = packed.slice();
  const samples = new Decoder().decode(copy.buffer, 0, copy.length, format.bitsAllocated / 8);
  return { bytes: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), rgb: false };
}

async function jpegLs(packed: Uint8Array, format: PixelFormat): Promise<StoredSamples> {
  checkSize(jpegSize(packed), format);
  const { default: charls } = await import('@cornerstonejs/codec-charls/decodewasmjs');
  const { JpegLSDecoder } = await charls(silent());
  return { bytes: runCodec(new JpegLSDecoder(), packed), rgb: false };
}

async function jpeg2000(packed: Uint8Array, format: PixelFormat): Promise<StoredSamples> {
  checkSize(jpeg2000Size(packed), format);
  const { default: openjpeg } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
  const { J2KDecoder } = await openjpeg(silent());
  return { bytes: runCodec(new J2KDecoder(), packed), rgb: true };
}

/** Options that silence a codec. Each codec needs a new object, because the object becomes the codec. */
const silent = () => ({ print() {}, printErr() {} });

/**
 * Decodes with a codec and copies the result, because the codec reuses its memory. Each image needs a new codec, since
 * one that has failed cannot be used again.
 */
function runCodec(codec: Codec, packed: Uint8Array): Uint8Array {
  codec.getEncodedBuffer(packed.length).set(packed);
  codec.decode();
  return codec.getDecodedBuffer().slice();
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Checks the size in the compressed image's own header before a codec allocates memory for it. */
function checkSize({ columns, rows }: Size, format: PixelFormat): void {
  if (columns === format.columns && rows === format.rows) return;
  throw new Error(
    `its compressed image is ${columns} x ${rows}, where the file says ${format.columns} x ${format.rows}`,
  );
}

/** Size in the frame header of a JPEG or JPEG-LS stream (ITU-T T.81, B.2.2; T.87, C.2.2). */
function jpegSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 9 <= bytes.length; ) {
    if (bytes[offset] !== 0xff) break;
    const marker = bytes[offset + 1]!;
    if (marker === 0xff) {
      offset++;
      continue;
    }
    const frame = (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (frame) return { rows: view.getUint16(offset + 5), columns: view.getUint16(offset + 7) };
    offset += 2 + view.getUint16(offset + 2);
  }
  throw new Error('its compressed image has no frame header');
}

/** Size in the SIZ segment of a JPEG 2000 stream (ITU-T T.800, A.5.1). */
function jpeg2000Size(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 50 || view.getUint32(0) !== 0xff4fff51)
    throw new Error('its compressed image has no size segment');
  const [right, bottom, left, top, tileWidth, tileHeight] = [8, 12, 16, 20, 24, 28].map((offset) =>
    view.getUint32(offset),
  ) as [number, number, number, number, number, number];
  const tiles = Math.ceil(right / Math.max(1, tileWidth)) * Math.ceil(bottom / Math.max(1, tileHeight));
  if (tiles > 65_535) throw new Error(`its compressed image claims ${tiles} tiles`);
  return { columns: right - left, rows: bottom - top };
}
