import type { RasterImage } from '@medbench/core';
import { decodeImage, encodeJpeg, resize } from '@medbench/data';

/** Reduces an image to a share of its sides by means of boxes, and enlarges it again. */
export function pixelate(image: RasterImage, share: number): RasterImage {
  const { width, height } = image;
  const reduce = (side: number): number => Math.max(1, Math.trunc(side * share));
  const small = resize(image, reduce(width), reduce(height), undefined, 'box');
  return resize(small, width, height, undefined, 'box');
}

/** Stores an image as JPEG, with colours at half resolution, and reads it again. */
export const compress = async (image: RasterImage, quality: number): Promise<RasterImage> =>
  decodeImage(await encodeJpeg(image, quality));
