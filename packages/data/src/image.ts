import { errorMessage, MedbenchError, type RasterImage } from '@medbench/core';
import sharp, { type Sharp } from 'sharp';
import { readBytes } from './files.js';
import { type GreyWindow, levelRange } from './grey-window.js';
import { decodeSmallJpeg, readPlainJpegHeader } from './jpeg.js';
import { decodeSmallPng } from './png.js';

export interface DecodeImageOptions {
  /** Images of more pixels are refused before anything is decoded. Default 100 million. */
  readonly maxPixels?: number;
  /**
   * Levels of a 16-bit grey image that become 0 and 255; levels beyond them are clipped. Default [0, 65535], a division
   * by 257. Many radiographs hold 12-bit levels in 16-bit files: these need [0, 4095], otherwise they come out nearly
   * black. `auto` takes the least and the greatest level of each image.
   */
  readonly window?: GreyWindow;
}

/** Images of more pixels are refused. */
export const MAX_PIXELS = 100_000_000;

/** A decoding that takes longer is given up: no image of 100 million pixels needs more than a few seconds. */
const TIME_LIMIT = { seconds: 120 };

/** The first bytes of the formats that are decoded; `undefined` stands for any byte. */
const SIGNATURES: readonly (readonly (number | undefined)[])[] = [
  [0xff, 0xd8, 0xff], // JPEG
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], // PNG
  [...Buffer.from('RIFF'), undefined, undefined, undefined, undefined, ...Buffer.from('WEBP')],
  [...Buffer.from('GIF8')],
  [0x49, 0x49, 0x2a, 0x00], // TIFF, little-endian
  [0x4d, 0x4d, 0x00, 0x2a], // TIFF, big-endian
  [0x49, 0x49, 0x2b, 0x00], // BigTIFF
  [0x4d, 0x4d, 0x00, 0x2b],
];

/**
 * Checks the format before sharp does: sharp would also render SVG and PDF, in which a few bytes can ask for endless
 * work.
 * @throws Error for any other format.
 */
function requireImageFormat(bytes: Uint8Array): void {
  const known = SIGNATURES.some((signature) => signature.every((byte, i) => byte === undefined || bytes[i] === byte));
  if (!known) throw new Error('it is no JPEG, PNG, WebP, GIF or TIFF');
}

/**
 * Decodes JPEG, PNG, WebP, GIF (first frame) or TIFF (first page) to 8 bits, as Pillow's `convert('RGB')` would after
 * `ImageOps.exif_transpose`: the EXIF orientation is applied, palettes are resolved, CMYK becomes RGB by its plain
 * formula, alpha is dropped without blending, embedded colour profiles are ignored. Grey images keep one channel.
 * 16-bit grey is scaled to 8 bits and rounded, whereas Pillow's `convert` clips levels above 255 to white.
 * @param input A file's path, or its bytes.
 * @param name Name of the image in messages; by default the path.
 * @throws MedbenchError('data') naming the image: missing, damaged, cut short, not an image, too large, 32-bit samples.
 */
export async function decodeImage(
  input: string | Uint8Array,
  name = typeof input === 'string' ? input : 'image',
  { maxPixels = MAX_PIXELS, window = [0, 65535] }: DecodeImageOptions = {},
): Promise<RasterImage> {
  if (window !== 'auto' && !(window[0] < window[1])) {
    throw new MedbenchError('config', `A window from ${window[0]} to ${window[1]} holds no levels`);
  }
  const bytes = typeof input === 'string' ? await readBytes(input) : input;
  try {
    requireImageFormat(bytes);
    const options = { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc: true } as const;
    const header = readPlainJpegHeader(bytes);
    const small =
      header && header.width * header.height <= maxPixels
        ? await decodeSmallJpeg(bytes, header)
        : decodeSmallPng(bytes, maxPixels);
    if (small) return small;
    const { space, depth } = header ?? (await sharp(bytes, options).metadata());
    if (depth !== 'uchar' && depth !== 'ushort')
      throw new Error(`its samples are of type ${depth}, not of 8 or 16 bits`);
    const image = sharp(bytes, options).timeout(TIME_LIMIT).autoOrient().removeAlpha();
    if (space === 'cmyk') return fromCmyk(await decodeRaw(image, 'cmyk', 'uchar'));
    if (space === 'grey16') return from16Bit(await decodeRaw(image, 'grey16', 'ushort'), window);
    const { data, width, height, channels } = await decodeRaw(image, space === 'b-w' ? 'b-w' : 'srgb', 'uchar');
    if (channels !== 1 && channels !== 3) throw new Error(`it has ${channels} channels`);
    return { width, height, channels, data };
  } catch (cause) {
    // The decoder's further lines repeat the first.
    const [reason] = errorMessage(cause).split('\n', 1);
    throw new MedbenchError('data', `${name} cannot be decoded: ${reason}`, {
      cause,
      hint: 'Fetch the image again, or leave bad ones out with --skip-bad.',
    });
  }
}

/**
 * The 8-bit samples of an image file as stored: grey or RGB, without applying the EXIF orientation and without dropping
 * a channel. For formats that wrap an image of known size, such as DICOM.
 * @returns `[height, width, samples]`
 * @throws Error if the file is damaged, has more than `maxPixels` pixels, or another number of samples per pixel.
 */
export async function storedSamples(bytes: Uint8Array, samples: 1 | 3, maxPixels: number): Promise<Uint8Array> {
  requireImageFormat(bytes);
  const image = sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: maxPixels }).timeout(TIME_LIMIT);
  const { data, info } = await image
    .toColourspace(samples === 1 ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== samples) throw new Error(`it has ${info.channels} samples per pixel`);
  return data;
}

interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

async function decodeRaw(image: Sharp, space: string, depth: 'uchar' | 'ushort'): Promise<Samples> {
  // Without a colour space for the pipeline, CMYK and 16-bit samples would first be converted to sRGB.
  const pipeline = space === 'srgb' || space === 'b-w' ? image : image.pipelineColourspace(space);
  const { data, info } = await pipeline.toColourspace(space).raw({ depth }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/**
 * CMYK to RGB by (1 - ink) (1 - black) in 8 bits, rounded, as in Pillow. A printing press would give darker colours,
 * but its profile is seldom known.
 */
function fromCmyk({ width, height, data: inks }: Samples): RasterImage {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const paper = 255 - inks[pixel * 4 + 3]!;
    for (let c = 0; c < 3; c++) data[pixel * 3 + c] = paper - Math.round((inks[pixel * 4 + c]! * paper) / 255);
  }
  return { width, height, channels: 3, data };
}

function from16Bit({ width, height, data: bytes }: Samples, window: GreyWindow): RasterImage {
  // Samples are in the machine's byte order, at an offset that may be odd: the copy aligns them.
  const levels = new Uint16Array(bytes.slice().buffer);
  const [low, high] = window === 'auto' ? levelRange(levels) : window;
  const factor = 255 / Math.max(1, high - low);
  const data = Uint8Array.from(levels, (level) => Math.min(255, Math.max(0, Math.round((level - low) * factor))));
  return { width, height, channels: 1, data };
}

/** Encodes an image as PNG, without loss. The same image gives the same bytes. */
export function encodePng(image: RasterImage): Promise<Uint8Array> {
  return rawSharp(image).png({ compressionLevel: 6 }).toBuffer();
}

/**
 * Encodes an image as baseline JPEG, with a `quality` of 1 to 100.
 * @param colours `4:4:4` keeps colours at full resolution, `4:2:0` at half.
 */
export function encodeJpeg(
  image: RasterImage,
  quality = 90,
  colours: '4:2:0' | '4:4:4' = '4:2:0',
): Promise<Uint8Array> {
  return rawSharp(image).jpeg({ quality, chromaSubsampling: colours }).toBuffer();
}

/**
 * Encodes a small WebP of an image for a web page: at most 96 pixels a side, a few KiB. The same image gives the same
 * bytes.
 */
export function thumbnail(image: RasterImage): Promise<Uint8Array> {
  const bounds = { width: 96, height: 96, fit: 'inside', withoutEnlargement: true } as const;
  return rawSharp(image).resize(bounds).webp({ quality: 65, effort: 6 }).toBuffer();
}

/** Encodes an image as uncompressed TIFF, without loss. The same image gives the same bytes. */
export function encodeTiff(image: RasterImage): Promise<Uint8Array> {
  return rawSharp(image).tiff({ compression: 'none' }).toBuffer();
}

function rawSharp({ data, width, height, channels }: RasterImage): Sharp {
  const image = sharp(data, { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace('b-w') : image;
}
