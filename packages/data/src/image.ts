import { readFile } from 'node:fs/promises';
import { MedbenchError, messageOf, type RasterImage } from '@medbench/core';
import sharp, { type Sharp } from 'sharp';
import { unreadable } from './files.js';

export interface DecodeImageOptions {
  /** Refuse pictures of more pixels. Default 100 million. */
  readonly maxPixels?: number;
}

/**
 * Decodes JPEG, PNG, WebP, GIF (first frame) or TIFF (first page) to 8 bits, as `convert('RGB')` of Pillow would after
 * `ImageOps.exif_transpose`: EXIF rotation applied, palettes resolved, CMYK to RGB, alpha dropped without blending,
 * embedded colour profiles ignored. 16-bit samples are scaled to 8 bits. Grey pictures keep one channel.
 * @param input A file's path, or its bytes.
 * @param name What messages call the picture; by default the path.
 * @throws MedbenchError('data') naming the picture: missing, damaged, no picture, too large.
 */
export async function decodeImage(
  input: string | Uint8Array,
  name = typeof input === 'string' ? input : 'image',
  { maxPixels = 100_000_000 }: DecodeImageOptions = {},
): Promise<RasterImage> {
  const bytes = typeof input === 'string' ? await readBytes(input) : input;
  try {
    const options = { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc: true } as const;
    const { space } = await sharp(bytes, options).metadata();
    const grey = space === 'b-w' || space === 'grey16';
    const { data, info } = await sharp(bytes, options)
      .autoOrient()
      .removeAlpha()
      .toColourspace(grey ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (channels !== 1 && channels !== 3) throw new Error(`${channels} channels`);
    return { width, height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (cause) {
    throw new MedbenchError('data', `${name} cannot be decoded: ${messageOf(cause)}`, {
      cause,
      hint: 'Fetch the picture again, or take its row out of the table.',
    });
  }
}

/** A picture as PNG, without loss. The same picture gives the same bytes. */
export function encodePng(image: RasterImage): Promise<Uint8Array> {
  return rawSharp(image).png({ compressionLevel: 6 }).toBuffer();
}

/** A picture as JPEG. `quality` 1 to 100. */
export function encodeJpeg(image: RasterImage, quality = 90): Promise<Uint8Array> {
  return rawSharp(image).jpeg({ quality }).toBuffer();
}

function rawSharp({ data, width, height, channels }: RasterImage): Sharp {
  const picture = sharp(data, { raw: { width, height, channels } });
  return channels === 1 ? picture.toColourspace('b-w') : picture;
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
